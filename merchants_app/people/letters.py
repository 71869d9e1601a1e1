"""Which letters a member wants, and when."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.modes import Mode
from merchants_app.models import CollectLetters, Member, Merchant, User, WhenToWrite

MORNING = time(8)  # in the business's time zone


def last_morning(merchant: Merchant, now: datetime) -> datetime:
    """When the letters of a day were last due."""
    here = now.astimezone(ZoneInfo(merchant.time_zone))
    day = here.date() if here.time() >= MORNING else here.date() - timedelta(days=1)
    return datetime.combine(day, MORNING, tzinfo=here.tzinfo)


def wanted_by(member: Member) -> WhenToWrite:
    """When they are written to about what waits for a decision: as they said, else as their business says."""
    return WhenToWrite(member.decision_letters or member.merchant.decision_letters)


def letters_to(user: User, merchant: Merchant) -> WhenToWrite | None:
    """The same; None for an operator, who is no member."""
    member = _member(user, merchant)
    return wanted_by(member) if member else None


def write_to(user: User, merchant: Merchant, *, letters: WhenToWrite) -> None:
    """From now on so. What waits already is not told of once more."""
    Member.objects.filter(user=user, merchant=merchant).update(decision_letters=letters)


def wanted_about_collecting(letters: CollectLetters) -> WhenToWrite:
    """When its member is written to: as they said for the mode, else as their business says for live mode."""
    said = letters.wanted or (letters.member.merchant.collect_letters if letters.mode == Mode.LIVE else "")
    return WhenToWrite(said or WhenToWrite.NEVER)


def collect_letters_to(user: User, merchant: Merchant, mode: str) -> WhenToWrite | None:
    """The same; None for an operator, who is no member."""
    member = _member(user, merchant)
    if member is None:
        return None
    said = CollectLetters.objects.filter(member=member, mode=mode).select_related("member__merchant").first()
    return wanted_about_collecting(said or CollectLetters(member=member, mode=mode))


def write_about_collecting_to(user: User, merchant: Merchant, mode: str, *, letters: WhenToWrite) -> None:
    """From now on so, in that mode. What they were told of is not told once more."""
    member = _member(user, merchant)
    if member:
        CollectLetters.objects.update_or_create(member=member, mode=mode, defaults={"wanted": letters})


def _member(user: User, merchant: Merchant) -> Member | None:
    return Member.objects.filter(user=user, merchant=merchant).select_related("merchant").first()

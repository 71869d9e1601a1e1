"""Which letters a member wants."""

from merchants_app.models import DecisionLetters, Member, Merchant, User


def wanted_by(member: Member) -> DecisionLetters:
    """When they are written to about what waits for a decision: as they said, else as their business says."""
    return DecisionLetters(member.decision_letters or member.merchant.decision_letters)


def letters_to(user: User, merchant: Merchant) -> DecisionLetters | None:
    """The same; None for an operator, who is no member."""
    member = Member.objects.filter(user=user, merchant=merchant).select_related("merchant").first()
    return wanted_by(member) if member else None


def write_to(user: User, merchant: Merchant, *, letters: DecisionLetters) -> None:
    """From now on so. What waits already is not told of once more."""
    Member.objects.filter(user=user, merchant=merchant).update(decision_letters=letters)

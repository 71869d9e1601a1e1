"""The audit log for people: each line with its day, what was done in words, from what to what, and where from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Value
from django.db.models.functions import Replace
from django.utils import timezone

from merchants_app.businesses.words import language_name
from merchants_app.frame.times import day_words
from merchants_app.models import BY_LANGUAGE, AuditEntry
from merchants_app.people.operators import OPERATOR_MARK
from merchants_app.sign_in.devices import browser_name

_ARROW = " → "
# `act_words` of an entry, for queries.
ACT = Replace(Replace("action", Value("_"), Value(" ")), Value("."), Value(" "))
# How the actions of one kind begin, and what it is called on the page.
KINDS = {
    "session.": "Sessions", "payment": "Collections", "refund.": "Refunds", "buyer": "Buyers", "note.": "Notes",
    "link.": "Payment links", "api_key.": "API keys", "webhook": "Webhooks", "shop.": "Connected shops",
    "treasury.": "Treasury", "settings.": "Settings", "books.": "Files", "member.": "Team",
    "account.": "Accounts", "person.": "Accounts, by operators", "business.": "The business",
    "operator.": "Operators who look",
}  # fmt: skip
# What a name in the program is called on the pages.
_NAMES = {
    "brand_color": "colour", "logo_digest": "logo", "support_email": "e-mail for questions",
    "support_url": "link for questions", "terms_url": "link to the terms", "privacy_url": "link to the privacy notice",
    "receipt_details": "who sells, on receipts",
    "languages": "languages on offer", "language": "language where the buyer's is not on offer",
    "thanks": "words after the payment", "returns_by_itself": "back to the shop by itself", "ways_off": "switched off",
    "walletconnect_project_id": "WalletConnect project id",
    "session_minutes": "time to pay, in minutes", "quote_minutes": "how long a price holds, in minutes",
    "grace_minutes": "grace after it, in minutes", "watch_days": "days of watching",
    "tolerance_percent": "short by at most, in percent", "tolerance_amount": "short by at most",
    "tolerance_amounts": "short by at most, in single currencies", "spread_percent": "spread, in percent",
    "keep_buyers_days": "days that buyers are kept", "reuse_after_days": "days until a deposit serves again",
    "decision_letters": "letters about decisions", "collect_letters": "letters when it is worth collecting",
    "worth_it_percent": "worth collecting, fee at most in percent",
    "buyer_letters_off": "letters that buyers do not get",
    "calls_a_minute": "API calls a minute", "letters_a_day": "letters asked for, a day",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an act touched. `before` is None where there is nothing to compare."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the log, ready to be drawn."""

    entry: AuditEntry
    changes: list[Change]
    is_operator: bool  # somebody who runs the installation, not one of the team

    @property
    def came_from(self) -> str:
        """`Firefox on Linux, 203.0.113.44`; empty for what the program did by itself."""
        if not self.entry.address and not self.entry.browser:
            return ""
        return ", ".join(filter(None, (browser_name(self.entry.browser), self.entry.address)))


def act_words(action: str) -> str:
    """As it is read, and looked for: `api_key.created` → `api key created`."""
    return action.replace("_", " ").replace(".", " ")


def by_day(entries: Iterable[AuditEntry]) -> list[tuple[str, list[AuditLine]]]:
    """The lines under the days they were written on, in the business's zone."""
    today = timezone.localdate()
    days: dict[date, list[AuditLine]] = {}
    for entry in entries:
        days.setdefault(timezone.localdate(entry.created_at), []).append(_line(entry))
    return [(day_words(day, today=today), lines) for day, lines in days.items()]


def _line(entry: AuditEntry) -> AuditLine:
    shown = ((name, value) for name, value in entry.detail.items() if value not in (None, "", []))
    return AuditLine(
        entry, [_change(name, value) for name, value in shown], is_operator=entry.actor.startswith(OPERATOR_MARK)
    )


def _change(name: str, value: object) -> Change:
    field, _, language = name.partition(".")
    if language and field in BY_LANGUAGE:  # a word of a single one
        words = f"{_NAMES[field]}, in {language_name(language)}"
    else:
        words = _NAMES.get(name, name.replace("_", " "))
    if isinstance(value, list):
        return Change(words, None, ", ".join(map(str, value)))
    before, arrow, after = str(value).partition(_ARROW)
    return Change(words, before, after) if arrow else Change(words, None, before)

"""The strangers: who is always there. One `World` is one business in one mode, with one of everything."""

from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Model, QuerySet

from merchants_app.models import Merchant, User

_M = TypeVar("_M", bound=Model)
MODES = ("test", "live")
# A key for each alone.
SCOPES = ("read", "write", "webhooks", "decide")
# The same buyer everywhere: an e-mail address tells no two businesses apart.
EVERYBODYS_CUSTOMER = "pat@example.com"


@dataclass
class World:
    """A business in a mode. `ids` by word ("session", "refund", …): what stands for the thing in an address."""

    merchant: Merchant
    mode: str
    ids: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)  # of API keys, by word
    people: dict[str, User] = field(default_factory=dict)  # by role; "removed" was one once
    marks: set[str] = field(default_factory=set)  # texts by which it is recognised: no stranger may be shown one
    buyers: set[str] = field(default_factory=set)  # secrets in the addresses of its buyers' pages and receipts

    @property
    def place(self) -> str:
        """As dashboard addresses have it."""
        return f"{self.merchant.public_id}/{self.mode}"


# By name and mode, filled once when the test database is made.
CAST: dict[tuple[str, str], World] = {}


def world(name: str, mode: str = "test") -> World:
    """Zoe's or Yan's, in that mode."""
    return CAST[name, mode]


def own(model: type[_M]) -> QuerySet[_M]:
    """What this test made: all rows but those of Zoe and Yan, who were there before."""
    theirs = [place.merchant.pk for place in CAST.values()]
    return model._default_manager.exclude(**{f"{_OWNERS[model.__name__]}__in": theirs})


# From a row to its business.
_OWNERS = {
    "Merchant": "pk", "Delivery": "endpoint__merchant", "DeliveryAttempt": "delivery__endpoint__merchant",
    **dict.fromkeys(("Member", "Treasury", "ApiKey", "IdempotencyRecord", "LoggedRequest", "AuditEntry", "Customer",
                     "PaymentLink", "CheckoutSession", "WebhookEndpoint", "Event", "OperatorVisit",
                     "Invitation", "BookLine", "UnbookedFee", "MonthEndBalance", "Logo"), "merchant"),
    "SpareDeposit": "deposit__session__merchant", "Authorization": "session__merchant",
    **dict.fromkeys(("AddressChange", "Announcement", "DepositAddress", "Letter", "MoneySearch", "Quote",
                     "Payment", "Decision", "PendingDecision", "Refund", "StatusChange",
                     "SessionNote"), "session__merchant"),
    **dict.fromkeys(("SavedView", "CollectLetters"), "member__merchant"),
}  # fmt: skip

"""What a member or a key may touch: everything of one business in one mode, and nothing else.

Doors reach rows only from here, and a child only through its parent, so that a filter cannot be forgotten in one of
them. Each app to the left adds what it brings (`webhooks_app.scope`, `sessions_app.scope`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

from django.db.models import Q, QuerySet

from common.errors import NotFound
from merchants_app.models import ApiKey, AuditEntry, Invitation, LoggedRequest, Member, Merchant, Treasury
from merchants_app.people.invitations import invitations_of
from merchants_app.people.team import members_of


class Caller(Protocol):
    """Somebody at work for a business in a mode: a member (`Access`), a key (`ApiRequest`)."""

    @property
    def merchant(self) -> Merchant: ...

    @property
    def mode(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """One business in one mode. Every method gives only what belongs there."""

    merchant: Merchant
    mode: str

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """What the caller may touch."""
        return cls(caller.merchant, caller.mode)

    def keys(self) -> QuerySet[ApiKey]:
        """API keys, revoked ones too, newest first."""
        return ApiKey.objects.filter(merchant=self.merchant, mode=self.mode).order_by("-id")

    def key(self, public_id: str) -> ApiKey:
        """One API key. Raises NotFound."""
        found = self.keys().filter(public_id=public_id).first()
        if found is None:
            raise NotFound("There is no such key.")
        return found

    def requests(self) -> QuerySet[LoggedRequest]:
        """What was asked over the API lately, newest first."""
        return LoggedRequest.objects.filter(merchant=self.merchant, mode=self.mode).order_by("-id")

    def treasuries(self) -> QuerySet[Treasury]:
        """Receiving wallets, former ones and one to come too, newest first."""
        return Treasury.objects.filter(merchant=self.merchant, mode=self.mode).order_by("-id")

    def members(self) -> QuerySet[Member]:
        """Who works for the business, which is the same in both modes, in the order they came."""
        return members_of(self.merchant)

    def invitations(self) -> QuerySet[Invitation]:
        """Who is asked into the team and has not answered, which is the same in both modes, oldest first."""
        return invitations_of(self.merchant)

    def audit_entries(self) -> QuerySet[AuditEntry]:
        """Who did what: in this mode, and what belongs to both."""
        return AuditEntry.objects.filter(Q(mode=self.mode) | Q(mode=""), merchant=self.merchant)

    def without_page(self, subjects: Iterable[str]) -> frozenset[str]:
        """Which of these ids have no page any more: endpoints that were deleted, as the log says."""
        endpoints = {each for each in subjects if each.startswith("we_")}
        if not endpoints:
            return frozenset()
        deleted = self.audit_entries().filter(action="webhook_endpoint.deleted", subject__in=endpoints)
        return frozenset(deleted.values_list("subject", flat=True))

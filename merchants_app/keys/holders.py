"""What becomes of somebody's API keys: an owner takes them over, or they end with the membership."""

from collections import Counter
from enum import StrEnum

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.errors import Conflict
from merchants_app import audit
from merchants_app.keys.api_keys import allowed, end_key, forget_key, is_over
from merchants_app.models import ApiKey, Merchant, User


class KeysGo(StrEnum):
    """What shall become of the keys of somebody who leaves."""

    HAND_OVER = "hand_over"
    REVOKE = "revoke"


class KeysToSettle(Conflict):
    """Somebody leaves who holds keys, and nobody said what shall become of them."""

    code = "keys_to_settle"


class ShownKey:
    """A key that was not revoked, read by `with_roles`, as people are shown it."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.is_over = is_over(key)
        self.works = bool(key.holder_role) and not self.is_over
        self.may = [scope for scope in key.scopes if allowed(key, scope)]
        self.may_no_longer = [scope for scope in key.scopes if scope not in self.may]


def keys_held(merchant: Merchant) -> Counter[int]:
    """How many working keys each user holds, of both modes, by the user's primary key."""
    return Counter(_working(merchant).values_list("holder", flat=True))


def settle_keys(*, merchant: Merchant, leaver: User, heir: User, then: KeysGo | None, actor: str) -> int:
    """Hands a leaver's keys to the heir, or revokes them; returns how many. Raises KeysToSettle when nobody chose.

    Called while the team is locked, so that the leaver makes no further key meanwhile.
    """
    keys = list(_working(merchant).filter(holder=leaver).select_related("merchant"))
    if keys and then is None:
        what = "an API key" if len(keys) == 1 else f"{len(keys)} API keys"
        raise KeysToSettle(
            f"{leaver.email} holds {what}. Choose what shall become of that: hand over, or revoke (a server that uses "
            "it is then refused).",
            attr="keys",
        )
    for key in keys:
        if then == KeysGo.HAND_OVER:
            _hand_over(key, to=heir, actor=actor)
        else:
            end_key(key, actor=actor)
    return len(keys)


@transaction.atomic
def take_over(*, key: ApiKey, by: User) -> ApiKey:
    """An owner becomes the holder of a key, which then may do all that its scopes say. Raises Conflict if it ended."""
    if key.revoked_at is not None or is_over(key):
        raise Conflict(f"“{key.name}” has ended: make another key.")
    if key.holder != by:
        _hand_over(key, to=by, actor=by.email)
    return key


def _hand_over(key: ApiKey, *, to: User, actor: str) -> None:
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(holder=to):
        forget_key(key)
        audit.record(
            merchant=key.merchant,
            mode=key.mode,
            actor=actor,
            action="api_key.handed_over",
            subject=key.public_id,
            name=key.name,
            before=key.holder.email if key.holder else None,
            after=to.email,
        )


def _working(merchant: Merchant) -> QuerySet[ApiKey]:
    not_over = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiKey.objects.filter(not_over, merchant=merchant, revoked_at=None).order_by("id")

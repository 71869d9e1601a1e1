"""Where a merchant's money goes: which treasury is in force, and how it is changed without anybody being surprised."""

from datetime import datetime

from django.db.models import F, QuerySet

from merchants_app.models import Merchant, Treasury


def treasury_for(merchant: Merchant, mode: str, now: datetime) -> Treasury | None:
    """The treasury that a session made at `now` gets, or None while the merchant has named none."""
    return _kept(merchant, mode).filter(active_from__lte=now).order_by("-active_from", "-id").first()


def treasury_to_come(merchant: Merchant, mode: str, now: datetime) -> Treasury | None:
    """The one that waits for the end of its cooling period."""
    return _kept(merchant, mode).filter(active_from__gt=now).order_by("-id").first()


def take_next_index(treasury: Treasury) -> int:
    """The next unused address index of an xpub, never given out twice however many ask at once.

    One guarded UPDATE: the row stays locked until the caller's transaction ends, and a rollback gives the index back.
    """
    Treasury.objects.filter(pk=treasury.pk).update(next_index=F("next_index") + 1)
    return Treasury.objects.values_list("next_index", flat=True).get(pk=treasury.pk) - 1


def _kept(merchant: Merchant, mode: str) -> QuerySet[Treasury]:
    return Treasury.objects.filter(merchant=merchant, mode=mode, withdrawn_at=None)

"""Mails owners about API keys that will soon end, a week ahead."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from merchants_app.mail.mails import Posted, mail_owners_at_once
from merchants_app.models import ApiKey

AHEAD = timedelta(days=7)


def tell_of_ends(now: datetime) -> None:
    """One letter for each key. Safe to run twice at once; what a mail server would not take now is sent later.

    A key that was made for a week or less needs none: its maker has just named the day.
    """
    near = ApiKey.objects.filter(
        revoked_at=None, expiry_told_at=None, expires_at__gt=now, expires_at__lte=now + AHEAD
    ).filter(created_at__lt=F("expires_at") - AHEAD)
    for key_id in list(near.order_by("expires_at").values_list("pk", flat=True)):
        if _tell(key_id, now) == Posted.AWAY:
            break


def _tell(key_id: int, now: datetime) -> Posted:
    with transaction.atomic():
        # Whoever has the lock writes the letter.
        free = ApiKey.objects.select_for_update(skip_locked=True, of=("self",)).select_related("merchant")
        key = free.filter(pk=key_id, revoked_at=None, expiry_told_at=None).first()
        if key is None:
            return Posted.SENT
        posted = mail_owners_at_once(merchant=key.merchant, template="key_ends", key=key)
        if posted in {Posted.SENT, Posted.REFUSED}:
            key.expiry_told_at = now
            key.save(update_fields=["expiry_told_at"])
        return posted

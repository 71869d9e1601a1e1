"""A merchant's own settings: changed here, with an audit line that says from what to what."""

from typing import Any

from django.db import transaction

from merchants_app.audit import record
from merchants_app.models import Merchant

CHANGEABLE = (
    "name", "support_email", "brand_color", "session_minutes", "watch_days", "tolerance_percent",
    "tolerance_amount", "spread_percent",
)  # fmt: skip


@transaction.atomic
def change_settings(*, merchant: Merchant, actor: str, **wanted: Any) -> list[str]:
    """Writes what differs and returns its names. Sessions that exist keep the rules they were made with."""
    current = Merchant.objects.select_for_update().get(pk=merchant.pk)
    changed = [name for name in CHANGEABLE if name in wanted and getattr(current, name) != wanted[name]]
    if changed:
        detail = {name: f"{getattr(current, name)} → {wanted[name]}" for name in changed}
        for name in changed:
            setattr(current, name, wanted[name])
        current.save(update_fields=changed)
        record(merchant=merchant, actor=actor, action="settings.changed", **detail)
    return changed

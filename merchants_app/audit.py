"""Writes down what people did. Called in the act's transaction: neither exists without the other."""

from typing import Any

from merchants_app.models import AuditEntry, Merchant


def record(
    *, merchant: Merchant, mode: str = "", actor: str, action: str, subject: str = "", **detail: Any
) -> AuditEntry:
    """One line of the audit log. `detail` is shown to the merchant: no secrets in it."""
    return AuditEntry.objects.create(
        merchant=merchant,
        mode=mode,
        actor=_fitting("actor", actor),
        action=action,
        subject=_fitting("subject", subject),
        detail={name: _plain(value) for name, value in detail.items()},
    )


def _fitting(column: str, text: str) -> str:
    """What the column holds of it: an act is not refused because a name is long."""
    return text[: AuditEntry._meta.get_field(column).max_length]  # type: ignore[union-attr]


def _plain(value: Any) -> Any:
    """JSON's own kinds stay, everything else (Decimal, datetime, …) becomes its text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    return str(value)

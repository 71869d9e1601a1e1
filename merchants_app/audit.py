"""Writes down what people did. Called in the act's transaction: neither exists without the other."""

from collections.abc import Callable, Collection
from typing import Any

from django.db.models import QuerySet

from common.network.caller import caller
from merchants_app.models import AuditEntry, Merchant


def record(
    *, merchant: Merchant, mode: str = "", actor: str, action: str, subject: str = "", **detail: Any
) -> AuditEntry:
    """One line of the audit log, with where the act came from. `detail` is shown to the merchant: no secrets in it."""
    came_from = caller()
    return AuditEntry.objects.create(
        merchant=merchant,
        mode=mode,
        actor=_fitting("actor", actor),
        action=action,
        subject=_fitting("subject", subject),
        detail={name: _plain(value) for name, value in detail.items()},
        address=came_from.address,
        browser=came_from.browser,
    )


def _fitting(column: str, text: str) -> str:
    """What the column holds of it: an act is not refused because a name is long."""
    return text[: AuditEntry._meta.get_field(column).max_length]  # type: ignore[union-attr]


def lines_about(*, merchant: Merchant, mode: str, subjects: Collection[str]) -> QuerySet[AuditEntry]:
    """What was done to these things (public ids), oldest first."""
    return AuditEntry.objects.filter(merchant=merchant, mode=mode, subject__in=subjects).order_by("id")


def forget_words(
    *, merchant: Merchant, mode: str, subjects: Collection[str], forget: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Takes a buyer out of the details of lines about these things: the one edit that a line can have.

    Who did what, when and to what stays.
    """
    for line in lines_about(merchant=merchant, mode=mode, subjects=subjects).exclude(detail={}):
        detail = forget(line.detail)
        if detail != line.detail:
            AuditEntry.objects.filter(pk=line.pk).update(detail=detail)


def _plain(value: Any) -> Any:
    """JSON's own kinds stay, everything else (Decimal, datetime, …) becomes its text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    return str(value)

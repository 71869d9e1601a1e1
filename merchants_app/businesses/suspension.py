"""Suspending a business: it sells nothing new, its keys and pages are closed. Money on its way is watched as before."""

from django.db import transaction
from django.utils import timezone

from common.errors import Conflict, DomainError
from merchants_app.audit import record
from merchants_app.keys.api_keys import forget_keys
from merchants_app.mail.mails import mail_owners
from merchants_app.models import Merchant, User
from merchants_app.people.operators import given_reason, operator_name, whom_to_ask


class BusinessSuspended(DomainError):
    """The operator of this installation has suspended the business."""

    code, status = "business_suspended", 403


def suspend(*, merchant: Merchant, by: User, reason: str) -> Merchant:
    """Closes keys, dashboard, links and new sessions; writes the audit line and to the owners.

    Within five seconds everywhere: processes remember whose a key is for that long. Raises ReasonMissing, or Conflict
    when it is suspended already.
    """
    reason = given_reason(reason)
    with transaction.atomic():
        current = _locked(merchant)
        if current.suspended_at is not None:
            raise Conflict(f"{current.name} is suspended already, by {current.suspended_by}.")
        _write(current, by=operator_name(by), reason=reason)
        record(merchant=current, actor=operator_name(by), action="business.suspended", reason=reason)
        mail_owners(merchant=current, template="business_suspended", reason=reason, ask=whom_to_ask())
    return current


def lift_suspension(*, merchant: Merchant, by: User) -> Merchant:
    """Opens it again, with audit line and letter. Raises Conflict when it is not suspended."""
    with transaction.atomic():
        current = _locked(merchant)
        if current.suspended_at is None:
            raise Conflict(f"{current.name} is not suspended.")
        since = current.suspended_at
        _write(current)
        record(merchant=current, actor=operator_name(by), action="business.suspension_lifted", since=since)
        mail_owners(merchant=current, template="suspension_lifted")
    return current


def refuse_suspended(merchant: Merchant) -> None:
    """Raises BusinessSuspended, with a sentence for the business's own people and programs."""
    if merchant.suspended_at is not None:
        raise BusinessSuspended(why_closed(merchant))


def why_closed(merchant: Merchant) -> str:
    """The refusal that its people and programs get."""
    return (
        f"{merchant.name} has been suspended by the operator of this installation: its API keys, its dashboard and new "
        f"payments are closed. Money that is on its way is watched and counted as before. {whom_to_ask()}"
    )


def _write(merchant: Merchant, *, by: str = "", reason: str = "") -> None:
    merchant.suspended_at = timezone.now() if by else None
    merchant.suspended_by, merchant.suspension_reason = by, reason
    merchant.save(update_fields=["suspended_at", "suspended_by", "suspension_reason"])
    transaction.on_commit(forget_keys)


def _locked(merchant: Merchant) -> Merchant:
    """Nobody else suspends it or lifts it meanwhile; new sessions, which refer to the row, need not wait."""
    return Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)

"""Proof that a treasury is the merchant's: a sentence, signed by the wallet (EIP-191), or approved by it (EIP-1271)."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chains_app.calls.wallet_signatures import is_signed_by
from common.errors import DomainError, NotFound
from merchants_app.audit import record
from merchants_app.models import Merchant, Treasury, TreasuryKind


class NotProven(DomainError):
    """The signature is not the wallet's."""

    code = "ownership_not_proven"


def claim_of(treasury: Treasury) -> str:
    """What the wallet signs. It names business, mode and place, so that it proves nothing anywhere else."""
    return (
        f"{treasury.merchant.name} ({treasury.merchant.public_id}) receives payments in {treasury.mode} mode "
        f"at {treasury.address}.\n\nAsked by {settings.PUBLIC_URL} on {treasury.created_at:%Y-%m-%d}."
    )


def prove_ownership(*, merchant: Merchant, mode: str, treasury_id: int, signature: str, by: str) -> Treasury:
    """Notes that the treasury's owner has signed. Raises NotFound, or NotProven with what to do."""
    treasury = (
        Treasury.objects.select_related("merchant")
        .filter(pk=treasury_id, merchant=merchant, mode=mode, kind=TreasuryKind.ADDRESS)
        .first()
    )
    if treasury is None:
        raise NotFound("There is no such treasury.")
    # Before the transaction: a contract wallet is asked over the network.
    if not is_signed_by(address=treasury.address, message=claim_of(treasury), signature=signature, mode=treasury.mode):
        raise NotProven(
            f"This is no signature of {treasury.address} over the text above. Sign exactly that text with that wallet; "
            "a Safe has to be deployed on a network that is enabled here.",
            attr="signature",
        )
    with transaction.atomic():
        if Treasury.objects.filter(pk=treasury.pk, verified_at=None).update(verified_at=timezone.now()):
            record(merchant=merchant, mode=mode, actor=by, action="treasury.proven", subject=treasury.address)
    treasury.refresh_from_db()
    return treasury

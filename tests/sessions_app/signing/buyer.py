"""What buyers do who only sign: sign what is due, and have it brought."""

from dataclasses import replace
from typing import Any

from django.utils import timezone
from eth_account import Account

from chains_app.calls.authorizations import typed_data
from sessions_app.models import Authorization, CheckoutSession
from sessions_app.signing.asked import is_asked
from sessions_app.signing.settling import SignedPayment, settle
from tests.facilitator import PAT, signature_of

OTHER = Account.from_key("0x" + "11" * 32)


def signed(session: CheckoutSession, *, seconds: int = 300, wallet: Any = PAT, **changes: Any) -> SignedPayment:
    """What is due, signed by a wallet; `changes` to what is signed."""
    now = timezone.now()
    asked = is_asked(session, now=now)
    ends = int(now.timestamp()) + seconds
    transfer = replace(asked.authorization(sender=wallet.address, valid_before=ends), **changes)
    return SignedPayment(transfer=transfer, signature=signature_of(typed_data(asked.option, transfer), wallet))


def settled(session: CheckoutSession, **options: Any) -> Authorization:
    """Signs it and has it brought."""
    return settle(session, signed(session, **options), now=timezone.now())

"""A merchant with a treasury, a listening endpoint and many open sessions. Sets Django up when it is imported."""

from datetime import datetime, timedelta
from decimal import Decimal

import django

django.setup()

from eth_utils.address import to_checksum_address  # noqa: E402  (models can be loaded only now)
from eth_utils.crypto import keccak  # noqa: E402

from common.public_ids import new_session_id  # noqa: E402
from merchants_app.models import Merchant, Treasury  # noqa: E402
from sessions_app.models import CheckoutSession, Customer, DepositAddress, Quote, StatusChange  # noqa: E402
from sessions_app.selling.creation import SessionTerms  # noqa: E402
from sessions_app.state.representation import represent  # noqa: E402
from webhooks_app.endpoints.endpoints import create_endpoint  # noqa: E402
from webhooks_app.models import Event  # noqa: E402

PRICE = Decimal("49.00")
UNITS = 49 * 10**6
TERMS = SessionTerms(
    amount=PRICE, currency="USD", success_url="https://shop.example/thanks", cancel_url="https://shop.example/cart",
    email="pat@example.com", name="Pat Payer", metadata={"orderId": "10482"}, product_id="box-1",
    product_name="Winter box, 1 kg", product_description="Three single origins", allowed_assets=[],
)  # fmt: skip


def open_shop(now: datetime) -> Merchant:
    """One endpoint hears of every event, as most shops have it."""
    shop = Merchant.objects.create(name="Bench")
    Treasury.objects.create(merchant=shop, mode="test", address="0x" + "11" * 20, active_from=now)
    create_endpoint(merchant=shop, mode="test", url="http://127.0.0.1:9/hooks", actor="bench")
    return shop


def open_sessions(shop: Merchant, number: int, *, now: datetime, ends: datetime) -> list[CheckoutSession]:
    """Written at once, with what creating them one by one writes."""
    customer = Customer.objects.create(merchant=shop, mode="test", email="pat@example.com", name="Pat")
    treasury = Treasury.objects.get(merchant=shop)
    sessions = CheckoutSession.objects.bulk_create(
        [_session(shop, customer, treasury, now, ends) for _ in range(number)], batch_size=2000
    )
    StatusChange.objects.bulk_create(
        [
            StatusChange(session=each, to_status="open", payment_status="unpaid", reason="Created.", at=now)
            for each in sessions
        ],
        batch_size=5000,
    )
    Event.objects.bulk_create(
        [
            Event(
                merchant=shop,
                mode="test",
                type="checkout.created",
                subject=each.public_id,
                subject_sequence=1,
                data=represent(each).model_dump(),
            )
            for each in sessions
        ],
        batch_size=5000,
    )
    return sessions


PEGGED = {
    "rule": "peg", "value": "1", "marketValue": "1", "disagreement": "0", "spreadPercent": "0", "sources": [],
}  # fmt: skip


def show_addresses(sessions: list[CheckoutSession], *, now: datetime) -> list[DepositAddress]:
    """Each session's buyer has chosen USDC on the sandbox."""
    deposits = [
        DepositAddress(session=each, address=_address(each.public_id), watch_until=each.watch_until, created_at=now)
        for each in sessions
    ]
    quotes = [
        Quote(
            session=each, asset="USDC", network="sandbox", decimals=6, amount_units=UNITS, rate=Decimal(1),
            provenance=PEGGED, created_at=now, valid_until=now + timedelta(minutes=15),
        )
        for each in sessions
    ]  # fmt: skip
    Quote.objects.bulk_create(quotes, batch_size=2000)
    for session, quote in zip(sessions, quotes, strict=True):
        session.quote = quote
    CheckoutSession.objects.bulk_update(sessions, ["quote"], batch_size=200)
    return DepositAddress.objects.bulk_create(deposits, batch_size=2000)


def _session(shop: Merchant, customer: Customer, treasury: Treasury, now: datetime, ends: datetime) -> CheckoutSession:
    return CheckoutSession(
        public_id=new_session_id(), merchant=shop, mode="test", customer=customer, treasury=treasury,
        **TERMS.said(),
        tolerance_percent=1, tolerance_amount=1, spread_percent=0, event_count=1,
        expires_at=ends, watch_until=ends + timedelta(days=7), created_at=now, updated_at=now,
    )  # fmt: skip


def _address(name: str) -> str:
    return to_checksum_address(keccak(text=name)[:20])

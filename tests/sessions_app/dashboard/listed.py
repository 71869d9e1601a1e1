"""A shop with something in each list, and what its lists show."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import create_link, open_link
from tests.cast import MIAS_WALLET, agreed, merchant
from tests.desk import Desk, owner_of
from tests.sandbox import sandbox_at


@pytest.fixture(scope="module")
def shop(once: None) -> Merchant:
    """Five sessions by name: paid, short, over, quiet (in EUR), linked."""
    with sandbox_at() as sandbox:
        mia = merchant("Mia Coffee", MIAS_WALLET)
        made = {}
        for name, more in {
            "paid": {"amount": Decimal(30), "email": "pat@example.com", "metadata": {"cartId": 98471, "shop": "web"}},
            "short": {"amount": Decimal(50), "email": "sam@example.com"},
            "over": {"amount": Decimal(40), "email": "pat@example.com"},
            "quiet": {"amount": Decimal(40), "currency": "EUR", "email": "eve@example.com"},
        }.items():
            made[name] = create_session(
                merchant=mia, mode="test", terms=agreed(reference=name, productName=name, **more)
            )
        link = create_link(
            merchant=mia, mode="test", terms={"amount": Decimal(5), "currency": "USD", "product_name": "Sticker"}
        )
        open_link(link, email="lea@example.com", name="Lea")
        CheckoutSession.objects.filter(pk=made["quiet"].pk).update(opened_at=timezone.now())
        sandbox.play(made["paid"], "exact", asset="ETH")
        sandbox.play(made["over"], "over", asset="USDC")
        choose_option(session=made["short"], asset="USDC", network="sandbox", now=timezone.now())
        sandbox.send_to(CheckoutSession.objects.get(pk=made["short"].pk).deposit.address, "45")
        return mia


@pytest.fixture
def desk(shop: Merchant, db: None) -> Desk:
    """Its owner."""
    return Desk(owner_of(Merchant.objects.get(pk=shop.pk)))


def names(desk: Desk, page: str = "sessions", **query: Any) -> list[str]:
    """The order numbers of the rows that a page shows, in its order; the linked one's is its product."""
    answer = desk.get(f"{page}?{urlencode(query, errors='surrogatepass')}")
    assert answer.status_code == 200
    rows = [getattr(row, "session", row) for row in answer.context["shown"].rows]
    return [row.reference or row.product_name for row in rows]

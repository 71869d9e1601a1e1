"""A payment link's poster on paper."""

from decimal import Decimal

from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from merchants_app.models import Merchant
from sessions_app.models import PaymentLink


def test_it_is_one_sheet_of_a4(page: Page, live_server: LiveServer, mia: Merchant) -> None:
    link = PaymentLink.objects.create(
        merchant=mia, mode="test", currency="USD", amount=Decimal(12), product_name="Mug " * 20,
        product_description="350 ml, dishwasher-safe. " * 12,
    )  # fmt: skip
    page.goto(f"{live_server.url}/l/{link.public_id}/poster")
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 1
    assert b"/MediaBox [0 0 594.95996 841.91998]" in paper or b"/MediaBox [0 0 595" in paper

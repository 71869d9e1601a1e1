"""The amount that a payment link lets its buyer pick or type: the field for typing is there with "any amount" alone."""

from decimal import Decimal

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, PaymentLink
from tests.pages.buyer import faults_of_access
from tests.strangers.world import own

# What decides whether the field is shown, as the browser has read it.
RULES = """[...document.styleSheets].flatMap(sheet => [...sheet.cssRules]).map(rule => rule.cssText)
    .filter(text => text.includes(".free") && text.includes("none"))"""


def test_what_is_typed_counts_and_can_be_seen_with_any_amount_alone(
    page: Page, live_server: LiveServer, mia: Merchant
) -> None:
    link = PaymentLink.objects.create(
        merchant=mia, mode="test", currency="USD", product_name="Tip", quick_amounts=[Decimal(3), Decimal(10)]
    )
    page.goto(f"{live_server.url}/l/{link.public_id}")
    field = page.get_by_label("Any amount in USD")
    for picked, is_shown in (("Any amount", True), ("3.00 USD", False), ("Any amount", True)):
        page.locator("label").get_by_text(picked, exact=True).click()
        expect(field).to_be_visible(visible=is_shown)
    field.fill("25")
    page.get_by_label("Your name").fill("Pat")
    page.get_by_label("Your e-mail").fill("pat@example.com")
    assert faults_of_access(page, with_targets=True) == []
    assert ":has" not in "".join(page.evaluate(RULES))  # which old browsers in wallets' apps do not know
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url("**/pay/*")
    assert own(CheckoutSession).get().amount == 25

"""The dashboard for everybody: no fault by axe-core on any page, light and dark, wide and on a phone; keyboard only."""

import os
from collections.abc import Callable
from decimal import Decimal
from typing import Literal
from urllib.parse import urlencode

import pytest
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import Page, expect

from merchants_app.models import AuditEntry, LoggedRequest, Merchant, Treasury
from merchants_app.treasuries.treasuries import set_treasury
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.selling.payment_links import create_link
from sessions_app.status import RefundKind
from tests.cast import OTTOS_WALLET, PATS_WALLET
from tests.desk import Desk
from tests.pages.buyer import faults_of_access
from tests.pages.member import OpenDashboard
from tests.sandbox import Sandbox
from tests.strangers.row import routes
from tests.strangers.world import own
from tests.webhooks_app.pairing.test_connecting import ASKED

THEMES: list[tuple[Literal["light", "dark"], int]] = [("light", 1280), ("dark", 390)]
PAGES = [
    "overview", "sessions", "sessions?q=nothing", "payments", "refunds", "decisions", "collect", "keys", "requests",
    "treasury", "links", "new-session", "team", "embedding", "settings", "privacy", "audit", "books",
    "books/exports", "books/lines", "customers", "decisions/decided",
]  # fmt: skip
ONE, ONE_LINK, ONE_CUSTOMER = "sessions/{}", "links/{}", "customers/{}"
REFUND, REFUND_TO_SIGN = "sessions/{}/refund", "sessions/{}/refund/{}"
# A shop asks for its key.
CONNECT = f"connect?{urlencode(ASKED)}"
LOOKED_AT_ELSEWHERE = {
    "webhooks": "test_webhooks_accessible.py", "webhook": "test_webhooks_accessible.py",
    "events": "test_webhooks_accessible.py", "event": "test_webhooks_accessible.py",
    "collect-prepare": "test_dashboard_collect.py",
    "settings-preview": "test_pay_accessible.py",  # the buyer's page
}  # fmt: skip


def faults_of(page: Page, *, alone: Literal["light", "dark"] | None = None) -> list[str]:
    """What is wrong with a page in its themes: by axe-core, or because it is wider than the screen.

    All of axe's rules are asked in the light, those of looks in the dark. alone: all of them in this theme, and nothing
    in the other. With AXE=all it is all of them in both.
    """
    found = []
    wholly = alone or "light"
    for scheme, width in THEMES:
        if alone not in {None, scheme} and os.environ.get("AXE") != "all":
            continue
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        found += faults_of_access(page, looks_alone=scheme != wholly)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} is wider than {width} pixels")
    return found


@pytest.fixture
def busy(
    mia: Merchant, mia_key: str, desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> CheckoutSession:
    """A business with something on every page; the session needs a decision."""
    sandbox.play(new_session(reference="10470", email="a.very.long.address.of.a@subdomain.example.org"), "exact")
    set_treasury(merchant=mia, mode="test", kind="address", address=PATS_WALLET, by=desk.user.email)
    LoggedRequest.objects.create(
        merchant=mia, mode="test", key=mia.api_keys.get(), request_id="req_1", method="POST", at=timezone.now(),
        path="/api/v1/checkout/cs_01h8zsx6cvd5whqjn2g9q7yb3k/cancel", status_code=409, duration_ms=1, error_code="no",
    )  # fmt: skip
    create_link(
        merchant=mia, mode="test", terms={"product_name": "Tip jar", "currency": "USD", "min_amount": Decimal(1)}
    )
    assert own(AuditEntry).exists()
    assert own(Treasury).filter(mode="test").count() == 2
    return sandbox.play(new_session(reference="10471", productName="An espresso machine with a long name"), "over")


# One test for many pages: a server and a business full of things cost more than looking at a page.
def test_axe_finds_nothing_on_pages_full_of_things(
    open_dashboard: OpenDashboard, desk: Desk, busy: CheckoutSession, colleague: Callable[..., Desk]
) -> None:
    its, link = ONE.format(busy.public_id), own(PaymentLink).get()
    pages = [
        *PAGES, CONNECT, its, ONE_LINK.format(link.public_id), ONE_CUSTOMER.format(busy.customer.public_id),
    ]  # fmt: skip
    assert {path: faults for path in pages if (faults := faults_of(open_dashboard(desk, path)))} == {}
    viewer = colleague("viewer")
    pages = ["overview", "links", its]  # where others find forms
    assert {path: faults for path in pages if (faults := faults_of(open_dashboard(viewer, path), alone="light"))} == {}
    wish = Wish(network="sandbox", asset="ETH", what=Worth(RefundKind.EXCESS))
    refund = prepare_refund(session=leave_address(busy, OTTOS_WALLET), wish=wish, actor=desk.user.email)
    pages = [REFUND.format(busy.public_id), REFUND_TO_SIGN.format(busy.public_id, refund.public_id)]
    assert {path: faults for path in pages if (faults := faults_of(open_dashboard(desk, path)))} == {}


# Full of things they are seen in both themes, empty in one; before sign-in: test_entrance_accessible.py.
def test_axe_finds_nothing_on_empty_account_and_error_pages(
    open_dashboard: OpenDashboard, desk: Desk, page: Page
) -> None:
    live = desk.in_("live")
    assert {path: faults for path in PAGES if (faults := faults_of(open_dashboard(live, path), alone="dark"))} == {}
    origin = page.url.split("/dashboard")[0]
    for path in ("2fa/", "password/change/", "nothing", "logout/"):
        page.goto(f"{origin}/accounts/{path}")
        assert faults_of(page) == [], path


def test_every_page_is_looked_at() -> None:
    seen = [*PAGES, CONNECT, ONE, ONE_LINK, ONE_CUSTOMER, REFUND, REFUND_TO_SIGN]
    looked_at = {resolve(f"/dashboard/mer_x/test/{path.partition('?')[0]}").url_name for path in seen}
    pages = {
        name.removeprefix("dashboard:")
        for name, pattern in routes("dashboard/<place:at>/").items()
        if not getattr(pattern.callback, "takes_posts_alone", False)
    }
    assert looked_at | set(LOOKED_AT_ELSEWHERE) == pages


def test_keys_walk_through_a_list_and_can_be_turned_off(
    open_dashboard: OpenDashboard, desk: Desk, new_session: Callable[..., CheckoutSession]
) -> None:
    new_session(reference="first")
    second = new_session(reference="second")
    page = open_dashboard(desk, "sessions")
    search = page.locator("main").get_by_role("searchbox")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.press("j")  # a letter of what is looked for
    expect(search).to_have_value("j")
    search.blur()
    for key, reference in (("j", "second"), ("j", "first"), ("j", "first"), ("k", "second")):
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=reference)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{second.public_id}")
    page.go_back()
    page.get_by_text("What a buyer may read out").click()
    page.get_by_role("button", name="Turn keys off").click()
    page.keyboard.press("/")
    expect(search).not_to_be_focused()


def test_the_queue_is_decided_by_keys(
    open_dashboard: OpenDashboard, desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    sandbox.play(new_session(reference="10470"), "over", asset="USDC")
    page = open_dashboard(desk, "decisions")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="24.50 USD too much arrived")).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_label("Choose 10470")).to_be_checked()
    several = page.locator("#several")
    expect(several.get_by_role("button", name="Keep the excess", exact=True)).to_be_enabled()
    expect(several.get_by_role("button", name="Ask for the rest")).to_be_disabled()
    page.keyboard.press("1")
    page.wait_for_url("**/refund")


def test_a_filter_is_set_by_the_form_and_taken_away_by_its_chip(
    open_dashboard: OpenDashboard, desk: Desk, new_session: Callable[..., CheckoutSession]
) -> None:
    new_session(reference="dear", amount=Decimal(900))
    new_session(reference="cheap", amount=Decimal(5))
    page = open_dashboard(desk, "sessions")
    page.get_by_text("Add a filter").click()
    page.get_by_label("Amount from").fill("100")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/sessions?least=100")  # what is empty is not in the address
    expect(page.get_by_role("link", name="cheap")).to_have_count(0)
    page.get_by_role("link", name="Without Amount from: 100").click()
    expect(page.get_by_role("link", name="cheap")).to_be_visible()


def test_the_keyboard_skips_to_the_content(open_dashboard: OpenDashboard, desk: Desk) -> None:
    page = open_dashboard(desk, "sessions")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the page's content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_on_a_phone_the_menu_opens_and_closes_without_script(open_dashboard: OpenDashboard, desk: Desk) -> None:
    page = open_dashboard(desk, "sessions")
    page.set_viewport_size({"width": 390, "height": 800})
    menu = page.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()
    page.get_by_role("link", name="Menu").click()
    expect(menu).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(menu).to_be_hidden()

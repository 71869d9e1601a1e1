"""A shop's page on another site shows the payment in a frame, over it or inside it, and is told how it ends."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import session_on
from sessions_app.selling.superseding import open_in_place_of
from sessions_app.state import lifecycle
from tests.browser import PATIENCE
from tests.cast import agreed, refreshed
from tests.loopback import Asked, LoopbackServer, Reply
from tests.sandbox import Sandbox

# What every shop's page here does with what it is told.
_SHOP = """<!doctype html><meta name="viewport" content="width=device-width"><title>Shop</title>
<a id="pay" data-tallystick href="{url}">Pay with crypto</a><div id="box"></div>
<script>window.told = []; document.addEventListener("tallystick", (event) => told.push(event.detail));
window.heard = []; addEventListener("message", (event) => heard.push(event.data));</script>
<script src="{tallystick}/tallystick.js"></script>
"""


class Shop(LoopbackServer):
    """127.0.0.1, to which localhost is another site. Its policy lets no style through; what tests run is eval'd."""

    html = ""

    def respond(self, asked: Asked) -> Reply:
        policy = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' http:; frame-src http:"
        return Reply(200, self.html.encode(), {"Content-Type": "text/html", "Content-Security-Policy": policy})


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as started:
        yield started


@pytest.fixture
def picked(mia: Merchant, session: CheckoutSession, sandbox: Sandbox, shop: Shop, live_server: LiveServer) -> str:
    """The address of an open payment that the shop's page may show."""
    Merchant.objects.filter(pk=mia.pk).update(embed_origins=[shop.url])
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    url = f"{live_server.url}/pay/{session.page_token}"
    shop.html = _SHOP.format(url=url, tallystick=live_server.url)
    return url


@pytest.fixture
def outside(browser: Browser) -> Iterator[Page]:
    """A page on whose console the browser may say what it refuses."""
    shown = browser.new_page()
    shown.set_default_timeout(PATIENCE)
    yield shown
    shown.close()


def told(page: Page) -> list[str]:
    """The kinds of what the shop's page was told so far."""
    return [each["type"] for each in page.evaluate("told")]


def test_a_window_over_the_shop_is_paid_in_and_closed(
    page: Page, shop: Shop, picked: str, session: CheckoutSession, sandbox: Sandbox, settings: Any
) -> None:
    settings.PUBLIC_URL = picked.partition("/pay/")[0]  # of which the receipt's address is
    page.goto(shop.url)
    page.get_by_role("link", name="Pay with crypto").click()
    dialog = page.get_by_role("dialog")
    payment = page.frame_locator("iframe")
    expect(payment.locator("#news")).to_contain_text("Waiting for your payment")
    expect(dialog).to_have_accessible_name(re.compile("49.00 USD · Mia Coffee"))  # as the page's title says
    assert payment.locator("html").get_attribute("class") == "embedded"
    # Its forms work without a cookie, which cannot come here.
    assert page.context.cookies() == []
    sandbox.play(session, "exact")
    expect(payment.locator("#headline")).to_have_text("Paid")
    page.wait_for_function("told.some((each) => each.type === 'paid')")
    paid = page.evaluate("told.at(-1)")
    assert (paid["session"], paid["status"]) == (session.public_id, "completed")
    assert paid["successUrl"] == f"https://shop.example/thanks?session_id={session.public_id}"
    with page.expect_popup() as beside:  # no frame may show a receipt
        payment.get_by_role("link", name="Open the receipt").click()
    expect(beside.value.locator("#headline")).to_have_text("Receipt")
    assert beside.value.evaluate("window.opener") is None
    beside.value.close()
    expect(payment.locator("#headline")).to_have_text("Paid")
    page.get_by_role("button", name="Close. Your payment is kept.").click()
    expect(dialog).to_be_hidden()
    page.wait_for_function("told.length === 3")
    assert told(page) == ["ready", "paid", "closed"]
    expect(page.locator("#pay")).to_be_focused()
    assert page.url == f"{shop.url}/"


def test_closing_keeps_the_payment_and_escape_closes_wherever_the_focus_is(
    page: Page, shop: Shop, picked: str, session: CheckoutSession
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(shop.url)
    link, dialog = page.get_by_role("link", name="Pay with crypto"), page.get_by_role("dialog")
    payment = page.frame_locator("iframe")
    for focused in (payment.locator("#headline"), page.get_by_role("button", name="Close. Your payment is kept.")):
        link.press("Enter")
        expect(payment.locator("#headline")).to_be_visible()
        expect(page.get_by_role("button", name="Close. Your payment is kept.")).to_be_visible()
        box = payment.owner.bounding_box()
        assert box
        assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 390, 844)  # a sheet
        focused.focus()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(link).to_be_focused()
    assert refreshed(session).status == "open"
    page.wait_for_function("told.length === 4")
    assert told(page) == ["ready", "closed"] * 2


def test_inside_the_page_it_is_as_high_as_it_is_and_its_forms_work(
    page: Page, shop: Shop, picked: str, session: CheckoutSession
) -> None:
    page.goto(shop.url)
    page.evaluate("url => Tallystick.mount(box, { url, onReady: (result) => { window.ready = result; } })", picked)
    payment = page.frame_locator("iframe")
    page.wait_for_function("window.ready")
    page.wait_for_function("heard.some((each) => each.tallystick === 'resize')")
    fits = "([frame, body]) => Math.abs(frame.clientHeight - body) < 2"
    height = payment.locator("body").evaluate("body => body.getBoundingClientRect().height")
    page.wait_for_function(fits, arg=[payment.owner.element_handle(), height])
    payment.locator("#play-short").click()
    expect(payment.locator("#live")).to_contain_text("Waiting for your payment")
    assert page.evaluate("told.map(({ type }) => type)") == ["ready"]


def test_a_payment_that_goes_on_by_another_session_goes_on_where_it_is_shown(
    page: Page, shop: Shop, picked: str, session: CheckoutSession, mia: Merchant
) -> None:
    page.goto(shop.url)
    page.evaluate("url => Tallystick.mount(box, { url })", picked)
    payment = page.frame_locator("iframe")
    expect(payment.locator("#news")).to_contain_text("Waiting for your payment")
    dearer = session_on(mia, "test", agreed(amount=Decimal(60)))
    open_in_place_of(session, dearer, actor="mia", renames_customer=False, allow_repeat=False)
    expect(payment.locator("#live")).to_have_attribute("data-session", dearer.public_id)
    expect(payment.locator(".order .price")).to_contain_text("60.00 USD")
    assert told(page) == ["ready"]
    lifecycle.cancel(dearer, actor="mia")
    expect(payment.locator("#headline")).to_have_text("Mia Coffee has cancelled this payment")
    page.wait_for_function("told.length === 2")
    assert page.evaluate("told.at(-1)")["session"] == dearer.public_id


def test_a_page_of_another_origin_shows_nothing_and_is_told_nothing(
    outside: Page, shop: Shop, picked: str, mia: Merchant
) -> None:
    Merchant.objects.filter(pk=mia.pk).update(embed_origins=["https://shop.example"])
    outside.goto(shop.url)
    outside.get_by_role("link", name="Pay with crypto").click()
    outside.wait_for_url(picked)  # led to the payment instead
    expect(outside.locator("#headline")).to_be_visible()


@pytest.mark.parametrize("shown", ["open({ url })", "mount(box, { url })"])
def test_where_nothing_answers_any_more_the_buyer_is_led_to_the_payment_they_were_at(
    outside: Page, shop: Shop, picked: str, mia: Merchant, shown: str
) -> None:
    """An outage, say, or a proxy's own page, of which nothing can be seen in a frame."""
    link = PaymentLink.objects.create(merchant=mia, mode="test", currency="USD", amount=5, product_name="Mug")
    outside.goto(shop.url)
    outside.evaluate(f"url => {{ Tallystick.{shown}; }}", urljoin(picked, f"/l/{link.public_id}"))
    payment = outside.frame_locator("iframe")
    expect(payment.locator("[name=email]")).to_be_visible()
    payment.locator("html").evaluate("(_, url) => location.assign(url)", picked)
    expect(payment.locator("#news")).to_contain_text("Waiting for your payment")
    payment.locator("html").evaluate("() => parent.postMessage({ tallystick: 'ready', url: 'javascript:0' }, '*')")
    with outside.expect_request(picked):  # loaded again: it may have been a moment's fault
        payment.locator("html").evaluate("() => location.assign('/pay/nobodys')")
    expect(payment.locator("#news")).to_contain_text("Waiting for your payment")
    whole = outside.main_frame
    outside.route(picked, lambda route: route.continue_() if route.request.frame == whole else route.abort())
    payment.locator("html").evaluate("() => location.assign('/pay/nobodys')")
    if shown.startswith("mount"):
        outside.locator("#box a").click()
    outside.wait_for_url(picked)
    expect(outside.locator("#news")).to_contain_text("Waiting for your payment")


def test_who_frames_it_in_spite_of_all_is_told_nothing(
    outside: Page, shop: Shop, picked: str, session: CheckoutSession, mia: Merchant
) -> None:
    """Policies may be taken off on the way; the page itself names whom it tells."""

    def unguarded(route: Route) -> None:
        answer = route.fetch()
        kept = {k: v for k, v in answer.headers.items() if k not in {"content-security-policy", "x-frame-options"}}
        route.fulfill(response=answer, headers=kept)

    Merchant.objects.filter(pk=mia.pk).update(embed_origins=["https://shop.example"])
    outside.route(picked, unguarded)
    outside.goto(shop.url)
    outside.evaluate(
        """url => { const frame = document.createElement("iframe"); frame.src = url; box.append(frame);
        frame.onload = () => { frame.contentWindow.postMessage({ tallystick: "hello" }, "*"); window.loaded = 1; } }""",
        picked,
    )
    outside.wait_for_function("window.loaded")
    expect(outside.frame_locator("iframe").locator("#headline")).to_be_visible()
    outside.frame_locator("iframe").locator("#headline").press("Escape")
    assert json.dumps(outside.evaluate("heard")) == "[]"

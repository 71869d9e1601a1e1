"""Faces that no address alone shows: they come about by what a buyer, a wallet or another site does on the page."""

import json
from typing import Any

from django.conf import settings
from playwright.sync_api import Page, Route, expect

from merchants_app.models import Merchant
from tests.cast import OTTOS_WALLET, PATS_WALLET
from tests.pages.stage import Face, Scene, Stage, page_of
from tests.pages.wallet import WALLETS

_PAY = "#pay-with-wallet"
_BASE_SEPOLIA = "0x14a34"
_PAIRING = f"wc:{'ab' * 32}@2?relay-protocol=irn&symKey={'cd' * 32}"


def _with_wallets(page: Page, url: str, **script: Any) -> None:
    """The page as it is with such wallets; they announce themselves late, which leaves no trace in the browser."""
    page.goto(url)
    page.evaluate(f"window.script = {json.dumps({'eth_chainId': _BASE_SEPOLIA} | script)}; {WALLETS}")
    page.evaluate("window.dispatchEvent(new Event('eip6963:requestProvider'))")
    page.locator(f"{_PAY}:enabled").click()


def _asks(page: Page, url: str) -> None:
    _with_wallets(page, url, announced=["Owl"], eth_sendTransaction="never")
    expect(page.locator(f"{_PAY}:disabled")).to_be_visible()


def _is_silent(page: Page, url: str) -> None:
    _asks(page, url)
    page.evaluate("now => { Date.now = () => now; }", page.evaluate("Date.now() + 61000"))
    page.evaluate("window.dispatchEvent(new Event('eip6963:requestProvider'))")
    expect(page.locator("#ask-again")).to_be_visible()


def _lists(page: Page, url: str) -> None:
    _with_wallets(page, url, announced=["Owl", "Raven"])
    expect(page.locator("#wallet .wallet-list button")).to_have_count(2)


def _offers_a_code(page: Page, url: str) -> None:
    """WalletConnect's library, as if its relay had been reached: it says what a wallet is to scan, and none comes."""
    library = f"""const connect = async () => ({{ uri: "{_PAIRING}", approval: () => new Promise(() => {{}}) }});
    export const SignClient = {{ init: async () => ({{ core: {{ verify: {{}} }}, connect }}) }};"""
    page.route("**/sign-client*.js", lambda route: route.fulfill(body=library, content_type="text/javascript"))
    page.goto(url)
    page.locator("#other-wallet:enabled").click()
    expect(page.locator("#wallet-code .qr")).to_be_visible()


def _wallet_code(stage: Stage) -> Scene:
    stage.real_networks()
    session = stage.picked(on="base-sepolia")
    Merchant.objects.filter(pk=stage.mia.pk).update(walletconnect_project_id="0" * 32)
    return Scene(
        path=page_of(session), come=_offers_a_code, needs_script=True, code=_PAIRING, code_at="#wallet-code .qr"
    )


def _of_wallets(come: Any) -> Face:
    def face(stage: Stage) -> Scene:
        stage.real_networks()
        return Scene(path=page_of(stage.picked(on="base-sepolia")), come=come, needs_script=True)

    return face


def _picks_what_is_not_offered(page: Page, url: str) -> None:
    page.goto(url)
    picked = page.locator("details[open] button.net").first
    picked.evaluate("button => { button.value = 'nowhere'; }")
    picked.click()
    expect(page.get_by_role("alert")).to_be_visible()


def _choose_error(stage: Stage) -> Scene:
    stage.real_networks()
    return Scene(path=page_of(stage.session()), come=_picks_what_is_not_offered)


def _another_site_posts(page: Page, url: str) -> None:
    page.goto(f"data:text/html,<form method='post' action='{url}/cancel'><button>Go</button></form>")
    page.get_by_role("button", name="Go").click()
    page.wait_for_url(f"{url}/cancel")


def _fills_in(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("[name=name]").fill("Pat Payer")
    page.locator("[name=email]").fill("pat@example.com")
    if (amount := page.locator("[name=amount]")).count():
        amount.fill("1,234")  # a thousand and more, or one and a bit?
    page.locator("form.fields .primary").click()
    expect(page.locator("[role=alert], .wrong").first).to_be_visible()


def _link_refused(stage: Stage) -> Scene:
    return Scene(path=f"/l/{stage.link(amount=None).public_id}", come=_fills_in)


def _link_too_many(stage: Stage) -> Scene:
    stage.monkeypatch.setattr(settings, "RATE_LIMIT_PER_LINK", 0)
    return Scene(path=f"/l/{stage.link().public_id}", come=_fills_in)


def _guesses(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("#code").fill("12")
    page.locator("form.fields .primary").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _refund_wrong_code(stage: Stage) -> Scene:
    return Scene(path=stage.refund_page(PATS_WALLET, OTTOS_WALLET), come=_guesses)


def _in_a_frame(page: Page, url: str) -> None:
    """As the server writes it for a shop's frame; what frame and shop say to each other: `test_embedding.py`."""

    def framed(route: Route) -> None:
        route.fulfill(response=route.fetch(headers=route.request.headers | {"sec-fetch-dest": "iframe"}))

    page.route(url, framed)
    page.goto(url)
    page.unroute(url)
    expect(page.locator("html.embedded")).to_be_visible()


def _embedded(stage: Stage) -> Scene:
    stage.real_networks()
    return Scene(path=page_of(stage.picked(on="base-sepolia")), come=_in_a_frame)


PRESSED: dict[str, Face] = {
    "wallet-asks": _of_wallets(_asks),
    "wallet-silent": _of_wallets(_is_silent),
    "wallet-list": _of_wallets(_lists),
    "wallet-code": _wallet_code,
    "choose-error": _choose_error,
    "foreign-form": lambda stage: Scene(path=page_of(stage.picked()), come=_another_site_posts),
    "link-refused": _link_refused,
    "link-too-many": _link_too_many,
    "refund-wrong-code": _refund_wrong_code,
    "embedded": _embedded,
}

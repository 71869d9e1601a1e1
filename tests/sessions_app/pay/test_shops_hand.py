"""What a business set stands on its buyers' pages, on the preview beside the settings, and holds for its sessions."""

import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from merchants_app.businesses.logos import drawn_anew
from merchants_app.businesses.money_rules import change_settings
from merchants_app.models import Merchant
from sessions_app.errors import OptionUnavailable, SwitchedOff
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession, Quote
from sessions_app.models.payment import Basis
from sessions_app.paying.quoting import choose_option, options_for
from sessions_app.reading.session_words import headline_of
from sessions_app.selling.creation import create_session
from sessions_app.state.facts import with_facts
from sessions_app.state.representation import receipt_url
from sessions_app.status import Issue, Status
from tests.cast import Api, agreed, refreshed
from tests.desk import Desk
from tests.merchants_app.businesses.test_business_pages import SETTINGS
from tests.pictures import picture
from tests.sandbox import Sandbox

WORDS = {
    "support_url": "https://mia.example/help?order={reference}",
    "terms_url": "https://mia.example/terms",
    "privacy_url": "https://mia.example/privacy",
    "thanks": "Thank you! <b>We roast</b> on Monday.",
}


def read(session: CheckoutSession) -> str:
    return " ".join(Client().get(f"/pay/{session.page_token}").content.decode().split())


def made(merchant: Merchant, **terms: object) -> CheckoutSession:
    """A session as the merchant is now."""
    merchant.refresh_from_db()
    return create_session(merchant=merchant, mode="test", terms=agreed(**terms))


def test_the_shops_words_links_and_picture_stand_on_its_page_and_on_nobody_elses(
    mia: Merchant, otto: Merchant, sandbox: Sandbox
) -> None:
    change_settings(merchant=mia, actor="mia", logo=drawn_anew(picture()), **WORDS)
    session = sandbox.play(made(mia, reference="10/482 ä"), "exact")
    text = read(session)
    assert 'href="https://mia.example/help?order=10%2F482%20%C3%A4"' in text
    assert 'href="https://mia.example/terms"' in text
    assert 'href="https://mia.example/privacy"' in text
    assert "Thank you! &lt;b&gt;We roast&lt;/b&gt; on Monday." in text
    assert f'src="/logos/{refreshed_digest(mia)}.png"' in text
    receipt = Client().get(urlsplit(receipt_url(session)).path).content.decode()
    assert f'src="/logos/{refreshed_digest(mia)}.png"' in receipt
    other = read(made(otto))
    assert "mia.example" not in other
    assert "/logos/" not in other


def refreshed_digest(merchant: Merchant) -> str:
    merchant.refresh_from_db()
    return merchant.logo_digest


def test_the_page_goes_back_by_itself_unless_the_shop_says_no(mia: Merchant, sandbox: Sandbox) -> None:
    session = sandbox.play(made(mia), "exact")
    assert 'id="returning"' in read(session)
    change_settings(merchant=mia, actor="mia", returns_by_itself=False)
    assert 'id="returning"' not in read(session)
    assert 'id="back-to-shop"' in read(session)


def test_a_price_holds_as_long_as_the_business_said_when_the_session_was_made(mia: Merchant) -> None:
    before = made(mia)
    change_settings(merchant=mia, actor="mia", quote_minutes=25, grace_minutes=7)
    for session, minutes in ((before, 15), (made(mia), 25)):
        quote = choose_option(session=refreshed(session), asset="USDC", network="sandbox", now=timezone.now())
        assert quote.valid_until - quote.created_at == timedelta(minutes=minutes)
    assert [refreshed(before).grace_minutes, CheckoutSession.objects.latest("id").grace_minutes] == [2, 7]


def test_what_is_switched_off_is_offered_no_more_and_what_was_promised_holds(mia: Merchant) -> None:
    session = made(mia)
    choose_option(session=session, asset="ETH", network="sandbox", now=timezone.now())
    change_settings(merchant=mia, actor="mia", ways_off=["ETH@sandbox"])
    session = refreshed(session)
    symbols = {each.option.asset.symbol for each in options_for(session, timezone.now())}
    assert "ETH" not in symbols
    assert "USDC" in symbols
    with pytest.raises(OptionUnavailable, match="cannot be paid in 'ETH'"):
        choose_option(session=session, asset="ETH", network="sandbox", now=timezone.now())
    assert 'data-state="send"' in read(session)
    Quote.objects.filter(session=session).update(valid_until=timezone.now() - timedelta(seconds=1))
    assert 'data-state="away"' in read(session)
    assert "This way to pay has been switched off" in read(session)


def test_money_on_a_way_that_was_off_waits_for_a_decision(mia: Merchant, sandbox: Sandbox) -> None:
    change_settings(merchant=mia, actor="mia", ways_off=["ETH@sandbox"])
    session = sandbox.play(made(mia), "wrong_asset")
    assert [payment.asset for payment in session.payments.all()] == ["ETH"]
    assert (session.status, session.issue, session.needs_decision) == (Status.OPEN, Issue.WRONG_ASSET, True)
    assert "which the business had switched off" in case_words(session)


def case_words(session: CheckoutSession) -> str:
    return headline_of(with_facts(CheckoutSession.objects.filter(pk=session.pk)).get())


def test_a_session_that_nothing_could_pay_is_refused_with_its_own_code(mia: Merchant, otto: Merchant) -> None:
    change_settings(merchant=mia, actor="mia", ways_off=["ETH@sandbox"])
    said = r"has switched off ETH\. Switched on in test mode: USDC, USDT\."
    with pytest.raises(SwitchedOff, match=said) as refusal:
        made(mia, allowed_assets=["ETH"])
    assert (refusal.value.code, refusal.value.status, refusal.value.attr) == ("switched_off", 400, "allowedAssets")
    assert made(mia, allowed_assets=["ETH", "USDC"]).status == Status.OPEN
    assert made(otto, allowed_assets=["ETH"]).status == Status.OPEN


def test_the_api_tells_what_is_switched_on(mia: Merchant, api: Api) -> None:
    change_settings(merchant=mia, actor="mia", ways_off=["ETH@sandbox"])
    options = api.get("payment-options").json()
    assert "ETH" not in {each["asset"] for each in options}
    account = api.get("account").json()
    assert "ETH" not in account["assets"]
    assert "ETH" not in account["networks"][0]["assets"]


@pytest.mark.parametrize(("step", "state"), [("choose", "choose"), ("send", "send"), ("paid", "paid")])
def test_the_preview_shows_what_is_typed_and_keeps_nothing(desk: Desk, mia: Merchant, step: str, state: str) -> None:
    before = CheckoutSession.objects.count()
    file = BytesIO(picture())
    file.name = "logo.png"
    typed = SETTINGS | WORDS | {"name": "Mia's Roastery", "brand_color": "#00aa11", "step": step}
    answer = desk.post("settings/preview", **typed, logo=file)
    text = " ".join(answer.content.decode().split())
    assert f'data-state="{state}"' in text
    assert "Mia&#x27;s Roastery" in text
    assert 'href="/brand/00aa11/' in text
    assert 'src="data:image/png;base64,' in text
    assert "https://mia.example/help?order=10482" in text
    assert ("We roast" in text) == (step == "paid")
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'; sandbox" in answer["Content-Security-Policy"]
    assert CheckoutSession.objects.count() == before
    mia.refresh_from_db()
    assert (mia.name, mia.thanks, mia.logo_digest) == ("Mia Coffee", "", "")


def test_the_preview_shows_what_is_right_of_a_form_that_is_not(desk: Desk) -> None:
    answer = desk.post(
        "settings/preview", **SETTINGS | {"name": "New", "terms_url": "no address", "brand_color": "red"}
    )
    assert answer.status_code == 200
    assert "New" in answer.content.decode()
    assert "no address" not in answer.content.decode()


def test_the_settings_page_may_frame_pages_of_ours_alone(desk: Desk) -> None:
    assert desk.get("settings")["Content-Security-Policy"].endswith("frame-src 'self'")
    assert "sandbox" in desk.read("settings")
    assert desk.get("settings/preview").status_code == 200


def test_more_confirmations_are_asked_of_sessions_made_since(mia: Merchant, sandbox: Sandbox) -> None:
    before = made(mia)
    change_settings(merchant=mia, actor="mia", confirmations={"sandbox": [3, 3, 4]})
    needed = [sandbox.play(each, "exact").payments.get().confirmations_needed for each in (before, made(mia))]
    assert needed == [1, 3]


def test_grace_is_that_of_the_session(mia: Merchant, otto: Merchant, sandbox: Sandbox) -> None:
    change_settings(merchant=mia, actor="mia", quote_minutes=5, grace_minutes=7)
    change_settings(merchant=otto, actor="otto", quote_minutes=5)
    sessions = [made(mia), made(otto)]
    for session in sessions:
        choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    sandbox.skip(minutes=11)
    for session in sessions:
        sandbox.send_to(refreshed(session).deposit.address, "49")
    assert [session.payments.get().basis for session in sessions] == [Basis.QUOTE, Basis.ARRIVAL]


@pytest.mark.parametrize("reference", ["10/482 ä", None])
def test_a_letter_to_the_shop_names_the_order_wherever_it_is_begun(
    mia: Merchant, sandbox: Sandbox, reference: str | None
) -> None:
    change_settings(merchant=mia, actor="mia", **WORDS)
    session = made(mia, reference=reference, email="mia@example.com")  # in test mode only the shop's people get letters
    named = "10%2F482%20%C3%A4" if reference else session.public_id
    to_shop = {f"mailto:hello@mia.example?subject={named}"}

    def begun(html: str) -> list[str]:
        return re.findall(r'href="(mailto:[^"]*)"', html)

    part = read(sandbox.play(session, "short", asset="USDC"))
    assert (set(begun(part)), len(begun(part))) == (to_shop, 2)  # of who cannot send so little, and below the order
    over = read(sandbox.play(session, "over"))
    assert (set(begun(over)), len(begun(over))) == (to_shop, 2)  # of the notice that it is too much, and below
    send_letters(timezone.now())
    [letter] = mail.outbox
    [(html, _kind)] = letter.alternatives
    assert set(begun(str(html))) == to_shop
    assert f'<a href="https://mia.example/help?order={named}">' in str(html)
    assert f"Questions? Write to hello@mia.example.\nhttps://mia.example/help?order={named}\n" in letter.body

"""The buyer's page: what each state shows, and what its forms do. The browser's part is in tests/pages/."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import play_refund, prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.state.lifecycle import cancel
from sessions_app.state.representation import represent
from sessions_app.status import RefundKind
from tests.cast import OTTOS_WALLET, refreshed
from tests.markup import text_of
from tests.sandbox import Sandbox

NewSession = Callable[..., CheckoutSession]


def page(client: Client, session: CheckoutSession, query: str = "") -> str:
    """The page's text, as one line."""
    response = client.get(f"/pay/{session.page_token}{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def picked(session: CheckoutSession, asset: str = "USDC") -> CheckoutSession:
    """The session after the buyer chose."""
    choose_option(session=session, asset=asset, network="sandbox", now=timezone.now())
    return session


def test_it_shows_what_is_bought_and_for_how_much(client: Client, session: CheckoutSession) -> None:
    html = page(client, session)
    assert "Winter box, 1 kg" in html
    assert "Mia Coffee" in html
    assert "49.00 <small>USD</small>" in html
    assert "p•••@example.com" in html


def test_it_offers_only_what_the_session_allows(client: Client, new_session: NewSession) -> None:
    html = page(client, new_session(allowedAssets=["USDC"]))
    assert 'value="USDC"' in html
    assert 'value="ETH"' not in html


def test_choosing_leads_to_amount_network_and_address(client: Client, session: CheckoutSession) -> None:
    response = client.post(f"/pay/{session.page_token}/choose", {"asset": "USDC", "network": "sandbox"})
    assert (response.status_code, response.headers["Location"]) == (303, f"/pay/{session.page_token}")
    html = page(client, session)
    assert "49.00 <small>USDC</small>" in html
    assert "Send 49.00 USDC on Sandbox" in html
    assert f'data-copy="{refreshed(session).deposit.address}"' in html


def test_nobody_is_asked_to_pay_on_a_network_that_was_switched_off(
    client: Client, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:8545")
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    assert represent(refreshed(session)).model_dump()["payment"]["uri"]
    monkeypatch.delenv("RPC_URL_DEVCHAIN")
    html = page(client, session)
    assert "This way to pay has been switched off" in html
    assert refreshed(session).deposit.address not in html
    assert represent(refreshed(session)).model_dump()["payment"]["uri"] is None


def test_the_address_stands_in_groups_that_copy_as_one(client: Client, session: CheckoutSession) -> None:
    address = picked(session).deposit.address
    html = page(client, session).replace(" >", ">")
    assert f'<span class="end">{address[:6]}</span><wbr><span class="end">{address[6:10]}</span><wbr>' in html
    assert f'<wbr><span class="end">{address[-4:]}</span>' in html


def test_the_other_options_are_one_click_away(client: Client, session: CheckoutSession) -> None:
    html = page(client, picked(session), "?change=1")
    assert 'id="pick-USDC-sandbox" aria-current="true"' in html
    assert 'value="ETH"' in html


def test_an_option_that_is_none_is_refused_in_words(client: Client, session: CheckoutSession) -> None:
    response = client.post(f"/pay/{session.page_token}/choose", {"asset": "DOGE", "network": "moon"})
    assert response.status_code == 409
    assert "That did not work" in response.content.decode()
    assert "DOGE" in response.content.decode()


def test_choosing_after_the_end_shows_the_end(client: Client, session: CheckoutSession) -> None:
    cancel(session)
    response = client.post(f"/pay/{session.page_token}/choose", {"asset": "USDC", "network": "sandbox"})
    assert response.status_code == 409
    assert "You cancelled this payment" in response.content.decode()


def test_cancelling_leads_back_to_the_shop(client: Client, session: CheckoutSession) -> None:
    response = client.post(f"/pay/{session.page_token}/cancel")
    assert (response.status_code, response.headers["Location"]) == (303, "https://shop.example/cart")
    assert refreshed(session).status == "cancelled"
    assert "Nothing was charged" in page(client, session)


def test_a_paid_session_cannot_be_cancelled(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "exact")
    response = client.post(f"/pay/{session.page_token}/cancel")
    assert response.status_code == 409
    assert "Paid" in response.content.decode()


def test_a_short_payment_asks_for_the_rest(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(picked(session), "short")
    html = page(client, session)
    assert "44.10 of 49.00 USD arrived" in html
    assert "4.90 <small>USDC</small>" in html
    assert "Still to send" in html


def test_a_payment_on_its_way_shows_its_confirmations(
    client: Client, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    session = new_session(amount=Decimal(20_000))  # so much waits for a second block
    sandbox.play(picked(session), "exact", seconds=1)
    text = text_of(page(client, session))
    assert "1 of 2 confirmations" in text
    assert "You can close this page" in text


def test_a_payment_that_no_block_takes_up_says_so_after_a_while(
    client: Client, session: CheckoutSession, sandbox: Sandbox
) -> None:
    sandbox.play(picked(session), "stuck", seconds=1)
    text = text_of(page(client, session))
    assert "Waiting for Sandbox to take it up" in text
    assert "longer than usual" not in text
    sandbox.skip(minutes=6)
    assert "Please do not send it again." in page(client, session)


def test_paid_gives_a_receipt_and_the_way_back(client: Client, new_session: NewSession, sandbox: Sandbox) -> None:
    session = sandbox.play(new_session(successUrl="https://shop.example/ok?a=1&b=%20#top", reference="10482"), "exact")
    html = page(client, session)
    assert f'href="https://shop.example/ok?a=1&amp;b=%20&amp;session_id={session.public_id}#top"' in html
    assert "Receipt" in html
    assert session.payments.get().tx_hash[:6] in html
    assert "10482" in html


@pytest.mark.parametrize(
    ("scenario", "sentence"),
    [
        ("over", "24.50 USD more arrived than was due"),
        ("twice", "You paid twice"),
        ("late", "It came after the time was over, and it counts"),
        ("late_short", "44.10 of 49.00 USD arrived, too late"),
        ("reorged", "Sandbox took your payment back"),
        ("dropped", "The payment that we had seen is gone"),
    ],
)
def test_odd_payments_are_explained(
    client: Client, session: CheckoutSession, sandbox: Sandbox, scenario: str, sentence: str
) -> None:
    sandbox.play(picked(session), scenario, seconds=9)
    assert sentence in text_of(page(client, session))


def test_what_the_network_took_back_is_not_called_paid(
    client: Client, session: CheckoutSession, sandbox: Sandbox
) -> None:
    html = page(client, sandbox.play(picked(session), "reorged", seconds=9))
    assert "Look in your wallet first" in html
    for untrue in ('class="state good"', 'aria-label="Receipt"', "Paid ·", "Paid.", 'id="returning"'):
        assert untrue not in html


def test_the_receipt_names_the_payment(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    html = page(client, sandbox.play(picked(session), "exact", seconds=9))
    assert f'<bdi dir="ltr" translate="no">{session.public_id}</bdi>' in html
    assert f'data-session="{session.public_id}"' in html


def test_who_has_something_to_read_is_not_led_away(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    assert 'id="returning"' in page(client, sandbox.play(picked(session), "exact", seconds=9))
    sandbox.play(session, "twice")
    html = page(client, session)
    assert "You paid twice" in html
    assert 'id="returning"' not in html


def test_the_clock_is_that_of_the_session_where_it_ends_first(
    client: Client, session: CheckoutSession, sandbox: Sandbox
) -> None:
    picked(session, "ETH")
    ends = timezone.now() + timedelta(seconds=20)
    CheckoutSession.objects.filter(pk=session.pk).update(expires_at=ends)
    html = page(client, session)
    assert f'Time left to pay: <time data-until="{ends.isoformat()}">0:20</time>' in html


def test_one_clock_runs_in_the_last_five_minutes_where_a_rate_moves_the_amount(
    client: Client, session: CheckoutSession, sandbox: Sandbox
) -> None:
    picked(session, "ETH")
    assert '<span class="clock" hidden>' in page(client, session)
    sandbox.skip(minutes=11)
    html = page(client, session)
    assert html.count("<time") == 1
    assert '<span class="clock"> This amount holds for <time' in html
    assert 'data-at-end="renew">4:00</time>' in html
    assert "data-at-end" not in page(client, session, "?from=exchange")


def test_a_stablecoin_of_the_prices_currency_has_no_clock(client: Client, session: CheckoutSession) -> None:
    assert "<time" not in page(client, picked(session))


def test_an_asset_the_shop_does_not_take_is_named(client: Client, new_session: NewSession, sandbox: Sandbox) -> None:
    session = sandbox.play(picked(new_session(allowedAssets=["USDC"])), "wrong_asset")
    html = page(client, session)
    assert "arrived, which this shop does not take here" in html
    assert "49.00 <small>USDC</small>" in html


def test_time_that_is_over_is_said_even_before_anybody_expired_it(
    client: Client, session: CheckoutSession, sandbox: Sandbox
) -> None:
    picked(session)
    sandbox.skip(minutes=61)
    html = page(client, session)
    assert "The time to pay is over" in html
    assert "We look at the address until" in html


def test_a_lapsed_price_is_renewed_by_a_button(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    quote = picked(session).quote
    sandbox.clock.shift(timedelta(minutes=16))
    assert "The price has to be renewed" in page(client, session)
    client.post(f"/pay/{session.page_token}/renew")
    assert refreshed(session).quote != quote
    assert "Send exactly" in page(client, session)


def test_money_that_may_go_back_needs_an_address(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    session = sandbox.play(picked(session), "over")
    assert "Leave an address" in page(client, session)
    leave_address(session, OTTOS_WALLET)
    html = page(client, session)
    assert "Leave an address" not in html
    assert OTTOS_WALLET in text_of(html)


def test_so_does_an_asset_that_the_shop_does_not_take_while_the_order_can_still_be_paid(
    client: Client, new_session: NewSession, sandbox: Sandbox
) -> None:
    html = page(client, sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset"))
    assert "Send exactly" in html
    assert "Arrived, but does not count" in html
    assert "Leave an address" in html


def test_a_plain_receipt_asks_for_none(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    assert "Leave an address" not in page(client, sandbox.play(picked(session), "exact"))


def test_money_on_its_way_back_is_shown(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    session = sandbox.play(picked(session), "over")
    leave_address(session, OTTOS_WALLET)
    refund = prepare_refund(
        session=session,
        wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS)),
        actor="mia@example.com",
        now=timezone.now(),
    )
    assert "On its way back" not in page(client, session)
    play_refund(refund, now=timezone.now())
    sandbox.wait(4, session)
    html = page(client, session)
    assert "24.50 USDC" in html
    assert "Sent back" in html

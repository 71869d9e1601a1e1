"""Between "the wallet has sent it" and "the chain has it" the page says so, and asks nobody for the money again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import Announcement, CheckoutSession, Payment
from sessions_app.paying.announcing import announce, announced, doubted
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.watching.announced import follow_announced
from tests.cast import agreed, refreshed
from tests.sandbox import Sandbox

HASH = "0x" + "ab" * 32


@pytest.fixture
def picked(session: CheckoutSession) -> CheckoutSession:
    """A session that asks for USDC."""
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return session


def sent(client: Client, session: CheckoutSession, tx_hash: str = HASH) -> str:
    """What the page says after the buyer's word."""
    answer = client.post(f"/pay/{session.page_token}/sent", {"tx_hash": tx_hash}, follow=True)
    return " ".join(answer.content.decode().split())


def shown(client: Client, session: CheckoutSession, query: str = "") -> str:
    return " ".join(client.get(f"/pay/{session.page_token}{query}").content.decode().split())


def test_what_the_wallet_sent_is_shown_and_not_asked_for(client: Client, picked: CheckoutSession) -> None:
    html = sent(client, picked)
    assert "Sent. Now Sandbox takes it up" in html
    assert "49.00 USDC</bdi>" in html
    assert 'id="address"' not in html
    assert "This amount holds" not in html
    assert 'id="address"' in shown(client, picked, "?again=1")


def test_an_exchange_is_waited_for_without_a_transaction(client: Client, picked: CheckoutSession) -> None:
    assert "Thank you. Now your exchange sends it" in sent(client, picked, "")


@pytest.mark.parametrize("wrong", ["0x12", "ab" * 32, HASH + "0", HASH[:-1] + "g", "<b>"])
def test_what_is_no_hash_is_refused_in_words(client: Client, picked: CheckoutSession, wrong: str) -> None:
    html = sent(client, picked, wrong)
    assert "is 0x and 64 digits" in html
    assert "Waiting for your payment" in html


def test_nothing_can_be_sent_before_anything_was_picked(client: Client, session: CheckoutSession) -> None:
    assert "Choose first what to pay with." in sent(client, session)


def test_it_changes_nothing_but_the_page(client: Client, picked: CheckoutSession) -> None:
    before = refreshed(picked)
    sent(client, picked)
    after = refreshed(picked)
    assert (after.status, after.payment_status, after.updated_at) == ("open", "unpaid", before.updated_at)
    assert not Payment.objects.filter(session=picked).exists()


def test_once_the_chain_shows_it_the_word_is_no_longer_needed(
    client: Client, picked: CheckoutSession, sandbox: Sandbox
) -> None:
    sandbox.play(picked, "short")
    payment = Payment.objects.get(session=picked)
    html = sent(client, picked, payment.tx_hash)
    assert "44.10 of 49.00 USD arrived" in html
    assert 'id="address"' in html


def test_any_payment_after_an_exchanges_word_is_the_exchanges(
    client: Client, picked: CheckoutSession, sandbox: Sandbox
) -> None:
    sent(client, picked, "")
    sandbox.play(picked, "short")
    assert 'id="address"' in shown(client, picked)


@pytest.mark.parametrize(
    ("fate", "watched", "believed"),
    [
        ("", timedelta(days=9), timedelta(hours=1)),
        ("unknown", timedelta(days=9), timedelta(hours=1)),
        ("waiting", timedelta(days=9), timedelta(days=7)),  # its nodes have it
        ("waiting", timedelta(days=2), timedelta(days=2)),
        ("waiting", timedelta(minutes=5), timedelta(hours=1)),
    ],
)
def test_how_long_it_is_believed(picked: CheckoutSession, fate: str, watched: timedelta, believed: timedelta) -> None:
    now = timezone.now()
    announce(picked, tx_hash=HASH, amount="49.00 USDC", now=now)
    Announcement.objects.filter(session=picked).update(fate=fate, fate_of=HASH)
    CheckoutSession.objects.filter(pk=picked.pk).update(watch_until=now + watched)
    said, end = refreshed(picked), now + believed
    for at, is_believed in ((end, True), (end + timedelta(seconds=1), False)):
        assert (announced(said, now=at) is not None) == is_believed
        assert (doubted(said, now=at) is None) == is_believed


@pytest.mark.parametrize(
    ("tx_hash", "fate", "advice"),
    [
        (HASH, "unknown", "while it is waiting there, please do not send it again."),
        (HASH, "done", "Look in your wallet where it went. Please do not send it again before you know."),
        (HASH, "replaced", "It was sped up or cancelled: look in your wallet which of the two"),
        ("", "", "Look at the withdrawal in your exchange."),
    ],
)
def test_what_was_said_long_ago_is_asked_for_again_and_not_forgotten(
    client: Client, new_session: Callable[..., CheckoutSession], tx_hash: str, fate: str, advice: str
) -> None:
    session = new_session(expiresAt=timezone.now() + timedelta(days=1))
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    sent(client, session, tx_hash)
    assert "You told us that you sent it" not in shown(client, session)  # the page says it by itself
    before = timezone.now() - timedelta(minutes=61)
    Announcement.objects.filter(session=session).update(at=before, fate=fate, fate_of=tx_hash)
    html = shown(client, session)
    assert 'id="address"' in html
    assert f'You told us that you sent it: <time datetime="{before.isoformat()}"' in html
    assert advice in html
    assert "You told us that you sent it" in shown(client, session, "?change=1")


@pytest.mark.parametrize("query", ["?again=1", "?change=1"])
@pytest.mark.parametrize(
    ("tx_hash", "fate", "advice"),
    [
        (HASH, "", "while it is waiting there, please do not send it again."),
        (HASH, "waiting", "Your payment is known, and it is safe. Please do not send it again."),
        ("", "", "Look at the withdrawal in your exchange."),
    ],
)
def test_where_money_is_asked_for_once_more_what_was_sent_is_told_first(
    client: Client, picked: CheckoutSession, tx_hash: str, fate: str, advice: str, query: str
) -> None:
    sent(client, picked, tx_hash)
    Announcement.objects.filter(session=picked).update(fate=fate, fate_of=tx_hash)
    html = shown(client, picked, query)
    assert "You told us that you sent it" in html
    assert advice in html


def test_of_what_is_known_nobody_is_asked_whether_it_was_sent(client: Client, picked: CheckoutSession) -> None:
    assert "It was not sent?" in sent(client, picked)
    Announcement.objects.filter(session=picked).update(fate="waiting", fate_of=HASH)
    html = shown(client, picked)
    assert "It was not sent?" not in html
    assert "Your payment is known, and it is safe. Please do not send it again." in html
    assert f'href="/pay/{picked.page_token}?again=1"' in html


def test_what_takes_long_is_said_to_take_long(client: Client, picked: CheckoutSession, sandbox: Sandbox) -> None:
    sent(client, picked)
    sandbox.skip(minutes=4)
    assert "We do not see your payment yet" not in shown(client, picked)
    sandbox.skip(minutes=2)
    html = shown(client, picked)
    assert "We do not see your payment yet" in html
    assert "while it is waiting there, please do not send it again." in html
    assert "Your payment is known" not in html


def test_the_word_stays_with_its_session(client: Client, picked: CheckoutSession, otto: Merchant) -> None:
    others = create_session(merchant=otto, mode="test", terms=agreed())
    choose_option(session=others, asset="USDC", network="sandbox", now=timezone.now())
    sent(client, picked)
    assert 'id="address"' in shown(client, others)


@pytest.mark.parametrize("how", ["expired", "cancelled"])
def test_what_was_sent_in_the_last_moment_is_looked_for_and_not_asked_for_again(
    client: Client, new_session: Callable[..., CheckoutSession], sandbox: Sandbox, how: str
) -> None:
    """The wallet's window was open when the session ended: the buyer agrees a moment later."""
    ended = new_session(allowPayAgain=True)
    choose_option(session=ended, asset="USDC", network="sandbox", now=timezone.now())
    if how == "expired":
        sandbox.skip(minutes=61)
        sandbox.look()
    else:
        client.post(f"/pay/{ended.page_token}/cancel")
    assert "Pay again" in shown(client, ended)
    html = sent(client, ended)
    assert "A payment may be on its way. We look for it: please do not send another one." in html
    assert "49.00 USDC</bdi>" in html
    assert "Pay again" not in html
    assert "othing was charged" not in html
    assert client.post(f"/pay/{ended.page_token}/again").status_code == 409
    sandbox.skip(minutes=61)
    html = shown(client, ended)
    for said in ("Pay again", "You told us that you sent it", "while it is waiting there", "we look at the address"):
        assert said in html
    assert "othing was charged" not in html
    Announcement.objects.filter(session=ended).update(fate="waiting", fate_of=HASH)  # a node has it still
    assert "We look for it: please do not send another one." in shown(client, ended)
    assert client.post(f"/pay/{ended.page_token}/again").status_code == 409


def test_a_word_about_what_is_paid_is_not_kept(client: Client, picked: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(picked, "exact")
    sent(client, picked)
    assert announced(refreshed(picked), now=timezone.now()) is None


def test_a_wallet_without_a_hash_is_believed_as_one_and_corrects_itself(
    client: Client, picked: CheckoutSession
) -> None:
    html = sent(client, picked, "wallet")
    assert "Sent. Now Sandbox takes it up" in html
    assert "49.00 USDC</bdi>" in html
    assert 'class="hash"' not in html
    assert "your exchange sends it" not in html
    assert HASH[:6] in sent(client, picked)
    client.post(f"/pay/{picked.page_token}/sent", {"failed": "1"})
    assert "Sent. Now Sandbox takes it up" in shown(client, picked)  # that was another one


def test_what_a_wallet_takes_back_is_asked_for_again(client: Client, picked: CheckoutSession) -> None:
    sent(client, picked, "wallet")
    client.post(f"/pay/{picked.page_token}/sent", {"failed": "1"})
    assert 'id="address"' in shown(client, picked)


def test_what_the_wallet_found_refused_on_the_chain_is_asked_for_again_and_told(
    client: Client, picked: CheckoutSession, sandbox: Sandbox
) -> None:
    def failed(tx_hash: str) -> str:
        answer = client.post(f"/pay/{picked.page_token}/sent", {"failed": "1", "tx_hash": tx_hash}, follow=True)
        return " ".join(answer.content.decode().split())

    sent(client, picked)
    assert "is 0x and 64 digits" in failed("\0")
    assert "Sent. Now Sandbox takes it up" in failed("0x" + "cd" * 32)  # told of before this one
    html = failed(HASH.upper().replace("X", "x"))
    assert 'id="address"' in html
    assert f'data-undone="{HASH}"' in html
    assert "Nothing was paid, only the network’s fee. You can send it again." in html
    assert "Sent. Now Sandbox takes it up" in sent(client, picked, "0x" + "cd" * 32)
    assert "We do not see" not in sent(client, picked, "0x" + "cd" * 32)


def test_the_play_chain_is_asked_what_became_of_it_too(
    client: Client, picked: CheckoutSession, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    others = new_session()
    choose_option(session=others, asset="USDC", network="sandbox", now=timezone.now())
    sandbox.play(others, "exact")
    for tx_hash, fate in ((others.payments.get().tx_hash, "done"), (HASH, "unknown")):
        sent(client, picked, tx_hash)
        sandbox.skip(seconds=11)
        follow_announced(sandbox.network)
        assert refreshed(picked).announcement.fate == fate


def test_any_payment_after_a_wallets_word_is_the_wallets(
    client: Client, picked: CheckoutSession, sandbox: Sandbox
) -> None:
    sent(client, picked, "wallet")
    sandbox.play(picked, "short")
    assert 'id="address"' in shown(client, picked)


@pytest.mark.parametrize("query", ["", "?change=1"])
def test_money_that_lands_while_the_page_is_read_is_on_its_way_and_asked_for_no_more(
    client: Client, picked: CheckoutSession, sandbox: Sandbox, query: str
) -> None:
    session, address = picked, picked.deposit.address
    sandbox.send_to(address, "49", seconds=1)
    assert refreshed(session).status == "processing"
    # The session was read before, its payments after.
    CheckoutSession.objects.filter(pk=session.pk).update(status="open", payment_status="unpaid")
    html = client.get(f"/pay/{session.page_token}{query}").content.decode()
    assert 'data-state="processing"' in html
    assert "/cancel" not in html
    assert f'data-copy="{address}"' not in html
    assert client.get(f"/pay/{session.page_token}/qr").status_code == 404
    assert client.post(f"/pay/{session.page_token}/sent").status_code == 303


def test_what_is_looked_for_after_the_end_reloads_without_javascript(
    client: Client, picked: CheckoutSession, sandbox: Sandbox
) -> None:
    sandbox.skip(minutes=61)
    sandbox.look()
    assert 'http-equiv="refresh"' not in shown(client, picked)
    assert f'content="15; url=/pay/{picked.page_token}"' in sent(client, picked)
    sandbox.skip(minutes=61)
    assert 'http-equiv="refresh"' not in shown(client, picked)

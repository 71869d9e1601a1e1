"""The last five minutes of the time to pay: the buyer is warned while there is time to act."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.paying.announcing import announce
from sessions_app.paying.quoting import choose_option
from tests.cast import refreshed
from tests.markup import text_of, words_of
from tests.sandbox import Sandbox
from tests.sessions_app.pay.test_page_truth import page as page_of

WARNING = "The time to pay ends at"
CLOCK = "Time left to pay:"
Show = Callable[..., str]


@pytest.fixture
def show(client: Client, session: CheckoutSession) -> Show:
    """What the session's page says."""
    return lambda query="": words_of(page_of(client, session, query))


def pick(session: CheckoutSession, asset: str = "USDC") -> None:
    choose_option(session=refreshed(session), asset=asset, network="sandbox", now=timezone.now())


def test_of_a_stablecoin_too_whose_amount_no_rate_moves(sandbox: Sandbox, session: CheckoutSession, show: Show) -> None:
    sandbox.skip(minutes=54)
    pick(session)
    assert WARNING not in show()
    assert CLOCK not in show()
    sandbox.skip(minutes=2)
    page = show()
    ends = f"{session.expires_at:%H:%M} UTC"
    assert f"{WARNING} {ends}" in page
    assert "What arrives later is not lost: we look at the address until" in page
    assert re.search(CLOCK + r" [34]:\d\d", page)
    assert f"{WARNING} {ends}." in page  # the line of news, which is read out
    assert "Die Zeit zum Bezahlen endet um" in show("?lang=de")


def test_an_open_page_hears_of_it_when_it_is_so(client: Client, sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.skip(minutes=54)
    pick(session)
    url = f"/pay/{session.page_token}/status"
    tag = client.get(url)["ETag"]
    sandbox.skip(seconds=30)
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    sandbox.skip(seconds=31)
    assert WARNING in text_of(client.get(url, headers={"If-None-Match": tag}).content.decode())


def test_who_has_picked_nothing_yet_is_told_that_nothing_was_charged(sandbox: Sandbox, show: Show) -> None:
    sandbox.skip(minutes=56)
    page = show()
    assert WARNING in page
    assert "After that nothing can be paid here, and nothing was charged." in page


def test_an_amount_that_a_rate_moves_keeps_its_own_clock(
    sandbox: Sandbox, session: CheckoutSession, show: Show
) -> None:
    sandbox.skip(minutes=20)
    pick(session, "ETH")
    assert "This amount holds for" in show()
    sandbox.skip(minutes=35)
    pick(session, "ETH")
    assert CLOCK in show()  # it ends with the session


def test_whom_nobody_can_hurry_is_not_hurried(sandbox: Sandbox, session: CheckoutSession, show: Show) -> None:
    sandbox.skip(minutes=56)
    pick(session)
    assert WARNING not in show("?from=exchange")
    announce(refreshed(session), tx_hash="0x" + "a" * 64, amount="49 USDC", network="sandbox", now=timezone.now())
    assert WARNING not in show()
    sandbox.skip(minutes=5)
    sandbox.look()
    assert WARNING not in show()

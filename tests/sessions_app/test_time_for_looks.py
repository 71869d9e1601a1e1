"""Nobody's slow nodes, and nobody's many wishes, take the time of others that wait to be looked at."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chains_app.networks.networks import Network
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.announcing import announce
from sessions_app.paying.quoting import choose_option
from sessions_app.watching import announced, looking
from sessions_app.watching.looking import Look, look
from sessions_app.watching.watcher import watch_network
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.faulty_proxy import FaultyProxy
from tests.sessions_app.watching.test_looking_again import pays, picks, unwatched
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
NewSession = Callable[..., CheckoutSession]


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        yield made


def test_time_that_is_over_ends_a_look_with_a_word(
    chain: Devchain, proxy: FaultyProxy, new_session: NewSession
) -> None:
    session = unwatched(picks(new_session(), "USDC"))
    pays(chain, session)
    assert "takes its time" in " ".join(each.said for each in look(session, seconds=-1))
    assert not own(Payment).exists()


def test_nodes_that_are_slow_in_every_call_take_no_longer_than_there_is_time(
    chain: Devchain, proxy: FaultyProxy, new_session: NewSession
) -> None:
    session = unwatched(picks(new_session(), "USDC"))
    pays(chain, session)
    proxy.drips = "body"
    began = time.monotonic()
    told = " ".join(each.said for each in look(session, seconds=1))
    assert time.monotonic() - began < 2
    assert f"Devchain: could not be read in time; `manage.py look {session.public_id}` takes its time." in told
    assert "Sandbox: " in told


def test_what_was_cut_short_goes_on_from_the_block_where_it_stopped(
    chain: Devchain, proxy: FaultyProxy, new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = unwatched(picks(new_session(), "USDC"))
    pays(chain, session)
    chain.node.mine(10)
    watch_network(DEVCHAIN)
    now, stores = time.monotonic(), looking.store

    def takes_a_second(*args: Any, **more: Any) -> None:
        nonlocal now
        now += 1
        stores(*args, **more)

    monkeypatch.setattr(looking.time, "monotonic", lambda: now)
    monkeypatch.setattr(looking, "store", takes_a_second)
    monkeypatch.setattr(looking, "TOKEN_BLOCKS", 5)
    once, head = Look(DEVCHAIN, session), chain.node.head()
    once.go_on(1)
    assert once.is_cut_short
    assert f"looked back to block {head - 4} only" in once.outcome().said
    proxy.forget()
    once.go_on(100)
    assert not once.is_cut_short
    assert once.outcome().found == 1
    upto = [int(params[0]["toBlock"], 16) for method, params in proxy.calls if method == "eth_getLogs"]
    assert max(upto) == head - 5


@pytest.mark.parametrize(("most", "number"), [("MOST_ASKED", 1), ("MOST_LOOKED_AT", 2)])
def test_each_has_its_turn_however_many_are_told_of(
    chain: Devchain,
    proxy: FaultyProxy,
    new_session: NewSession,
    monkeypatch: pytest.MonkeyPatch,
    most: str,
    number: int,
) -> None:
    watch_network(DEVCHAIN)
    told = [f"0x{made_up:064x}" for made_up in range(4)]
    for tx_hash in told:
        choose_option(session=(session := new_session()), asset="USDC", network="devchain", now=timezone.now())
        announce(session, tx_hash=tx_hash, amount="49.00 USDC", now=timezone.now() - timedelta(minutes=1))
    asked: list[str] = []

    def ask(_network: Network, tx_hashes: list[str], **_: int) -> dict[str, None]:
        asked.extend(tx_hashes)
        return dict.fromkeys(tx_hashes)

    monkeypatch.setattr(announced, most, number)
    monkeypatch.setattr(announced, "standings_of", ask)
    for _ in range(4 // number):
        announced.follow_announced(DEVCHAIN)
    assert sorted(asked) == told

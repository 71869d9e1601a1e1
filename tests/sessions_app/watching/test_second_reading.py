"""What the first reading was not told is found by the second; whose answer it was, the operator sees."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chains_app.calls.readers import second_reader_for
from chains_app.models import Provider, ScanCursor, SetAside
from chains_app.reading.set_aside import read_again, with_waiting
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.paying.quoting import choose_option
from sessions_app.watching import second_reading
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.second_reading import read_again_what_was_read
from sessions_app.watching.watcher import watch_network
from tests.cast import refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.faulty_proxy import FaultyProxy
from tests.operators import Operator

pytestmark = pytest.mark.django_db
# Blocks after which a range is due to be read a second time, and the longest that a third takes.
SECOND = int(30 / DEVCHAIN.block_seconds) + DEVCHAIN.confirmations.normal + 1
THIRD = int(600 / DEVCHAIN.block_seconds) + DEVCHAIN.confirmations.normal + 1
NO_BLOOM = "0x" + "0" * 512
NewSession = Callable[..., CheckoutSession]


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        yield made


@pytest.fixture
def proxies(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FaultyProxy]]:
    """Two. The first is the network's only node, until a test names both. Headers do not help."""
    with FaultyProxy(upstream=chain.node.url) as one, FaultyProxy(upstream=chain.node.url) as two:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", one.url)
        for proxy in (one, two):
            proxy.has_blooms(NO_BLOOM)
        yield [one, two]


def both(proxies: list[FaultyProxy], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", ", ".join(each.url for each in proxies))


def picks(session: CheckoutSession, asset: str) -> CheckoutSession:
    choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
    watch_network(DEVCHAIN)
    look_again(DEVCHAIN)
    return refreshed(session)


def pays(chain: Devchain, session: CheckoutSession) -> None:
    units, to = int(session.quote.amount_units), session.deposit.address
    if session.quote.asset == "ETH":
        chain.pay_ether(to, units)
    else:
        chain.pay(chain.usdc, to, units)


def time_passes(chain: Devchain, blocks: int) -> None:
    chain.node.mine(blocks)
    watch_network(DEVCHAIN)


def status(session: CheckoutSession) -> str:
    return refreshed(session).status


def differences() -> list[int]:
    rows = Provider.objects.filter(network="devchain", differences__gt=0)
    return [row.differences for row in rows]


def test_what_an_index_that_lags_hid_is_found_a_little_later(
    chain: Devchain, proxies: list[FaultyProxy], new_session: NewSession, operator: Operator
) -> None:
    session = picks(new_session(), "USDC")
    proxies[0].hides_logs()
    pays(chain, session)
    time_passes(chain, 20)
    proxies[0].well()
    time_passes(chain, SECOND)
    assert status(session) == "open"
    look_again(DEVCHAIN)
    watch_network(DEVCHAIN)
    assert (status(session), differences()) == ("completed", [1])
    assert "127.0.0.1" in operator.read("chains_app/provider/")


def test_a_balance_that_was_told_one_block_late_is_found_a_little_later(
    chain: Devchain, proxies: list[FaultyProxy], new_session: NewSession
) -> None:
    session = picks(new_session(), "ETH")
    proxies[0].tells_balances_late()
    pays(chain, session)
    watch_network(DEVCHAIN)
    proxies[0].well()
    time_passes(chain, SECOND)
    assert status(session) == "open"
    look_again(DEVCHAIN)
    watch_network(DEVCHAIN)
    assert (status(session), differences()) == ("completed", [1])


def test_what_was_hidden_from_both_readings_is_found_by_the_third(
    chain: Devchain, proxies: list[FaultyProxy], new_session: NewSession
) -> None:
    session = picks(new_session(), "USDC")
    proxies[0].hides_logs()
    pays(chain, session)
    time_passes(chain, SECOND)
    look_again(DEVCHAIN)
    proxies[0].well()
    proxies[0].has_blooms(NO_BLOOM)
    for _ in range(5):
        time_passes(chain, THIRD // 4)
        look_again(DEVCHAIN)
    watch_network(DEVCHAIN)
    assert status(session) == "completed"


def test_the_other_node_tells_what_the_first_hides_and_is_asked_first_from_then_on(
    chain: Devchain, proxies: list[FaultyProxy], new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(proxies, monkeypatch)
    session = picks(new_session(), "USDC")
    proxies[0].hides_logs()
    pays(chain, session)
    time_passes(chain, SECOND)
    look_again(DEVCHAIN)
    assert (status(session), differences()) == ("processing", [1])
    for proxy in proxies:
        proxy.forget()
    time_passes(chain, 1)
    assert [proxy.count("eth_getLogs") > 0 for proxy in proxies] == [False, True]


def test_who_hides_from_the_second_reading_what_is_known_is_written_down_and_nothing_is_lost(
    chain: Devchain, proxies: list[FaultyProxy], new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(proxies, monkeypatch)
    session = picks(new_session(), "USDC")
    proxies[1].hides_logs()
    pays(chain, session)
    time_passes(chain, SECOND)
    look_again(DEVCHAIN)
    watch_network(DEVCHAIN)
    assert (status(session), differences()) == ("completed", [1])


def test_the_operators_figures_have_the_differences(client: Client, db: None) -> None:
    Provider.objects.create(network="devchain", key="k", host="node.example", differences=7, updated_at=timezone.now())
    text = client.get("/metrics").content.decode()
    assert 'tallystick_provider_differences_total{host="node.example",network="devchain"} 7.0' in text


def test_an_idle_network_costs_a_few_calls_more(
    chain: Devchain, proxies: list[FaultyProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses are watched for late money, and nobody is about to pay: two of the longest rounds of third readings."""
    monkeypatch.setattr(second_reading, "LIVE", ())
    watch_network(DEVCHAIN)
    look_again(DEVCHAIN)
    spent, seconds = 0, 0.0
    for _ in range(20):
        time_passes(chain, 30)
        seconds += 30 * DEVCHAIN.block_seconds
        proxies[0].forget()
        look_again(DEVCHAIN)
        spent += len(proxies[0].calls)
    assert 0 < spent * 86_400 / seconds < 4_000


@pytest.mark.moves_everybody("nobody's deposit is watched")
def test_where_nobody_is_watched_nothing_is_asked(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    DepositAddress.objects.update(watch_until=timezone.now() - timedelta(days=60))
    watch_network(DEVCHAIN)
    look_again(DEVCHAIN)
    time_passes(chain, THIRD)
    look_again(DEVCHAIN)
    time_passes(chain, THIRD)
    proxies[0].forget()
    look_again(DEVCHAIN)
    assert proxies[0].calls == []
    assert ScanCursor.objects.get(pk="devchain").read_thrice


def test_what_was_known_already_is_left_as_it_is(
    chain: Devchain, proxies: list[FaultyProxy], new_session: NewSession
) -> None:
    """Its row is locked by nobody, and the books of what was collected go on from where they are."""
    session = picks(new_session(), "USDC")
    pays(chain, session)
    time_passes(chain, SECOND)
    read = ScanCursor.objects.get(pk="devchain").block_number
    ScanCursor.objects.filter(pk="devchain").update(collections_read=read)
    with CaptureQueriesContext(connection) as asked:
        read_again_what_was_read(DEVCHAIN, second_reader_for(DEVCHAIN))
    cursor = ScanCursor.objects.get(pk="devchain")
    assert (cursor.collections_read, cursor.read_twice) == (read, read - DEVCHAIN.confirmations.normal)
    assert [each["sql"] for each in asked if "payment" in each["sql"] and "FOR UPDATE" in each["sql"]] == []


def test_one_query_says_that_nothing_is_due(
    chain: Devchain, proxies: list[FaultyProxy], new_session: NewSession
) -> None:
    picks(new_session(), "USDC")
    with CaptureQueriesContext(connection) as asked:
        read_again_what_was_read(DEVCHAIN, second_reader_for(DEVCHAIN))
    assert len(asked) == 1


def set_aside() -> dict[str, int]:
    """By network, as operators are told."""
    return dict(with_waiting(ScanCursor.objects.all()).values_list("network", "set_aside"))


def test_wanting_it_again_adds_no_rows_raises_no_alarm_and_holds_up_nothing_else(
    proxies: list[FaultyProxy],
) -> None:
    watch_network(DEVCHAIN)
    strange, hour = set_aside(), timedelta(seconds=12_000 * DEVCHAIN.block_seconds)
    for read in (345_600, 345_700, 349_000):
        cursor = ScanCursor(network="devchain", block_number=read, block_hash="0x01")
        read_again(cursor, hour, by="Ann", now=timezone.now())
        read_again(cursor, hour / 4, by="Ann", now=timezone.now())
    pieces = SetAside.objects.filter(what="asked", network="devchain")
    assert set(pieces.values_list("first_block", "last_block")) == {
        (330_000, 334_999), (335_000, 339_999), (340_000, 344_999), (345_000, 349_999),
    }  # fmt: skip
    assert set_aside() == strange
    look_again(DEVCHAIN)
    assert pieces.filter(settled_at=None).count() == 3

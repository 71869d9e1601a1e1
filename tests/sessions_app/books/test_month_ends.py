"""What the chain held when a closed month ended, beside what the books say of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from chains_app.calls.holdings import last_block_before
from chains_app.calls.readers import nodes_for
from chains_app.models import ScanCursor
from chains_app.networks.networks import Asset, Network
from chains_app.reading.reader import Block
from chains_app.receiving.deposits import Deposit, collect_call
from merchants_app.businesses.days import beginning, closes_at, next_month
from merchants_app.models import Merchant
from sessions_app.books.statement import Statement, statement
from sessions_app.collecting import compared
from sessions_app.collecting.compared import compare, compare_month_end, month_end
from sessions_app.models import BookLine, CheckoutSession, MonthEndBalance
from sessions_app.paying.quoting import choose_option
from tests.cast import MIAS_WALLET, refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.desk import Desk, owner_of
from tests.fake_node import FakeNode
from tests.journeys.test_odd_payments_on_anvil import FULL, Street
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
FINAL = DEVCHAIN.confirmations.large + 1
WEI = 10**16


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        made.deploy_factory()
        yield made


@pytest.fixture
def fake(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNode]:
    """In front of the real node."""
    with FakeNode(upstream=chain.node.url) as node:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        yield node


def told(rows: list[compared.Compared] | None) -> dict[str, Decimal | str | None]:
    """What the chain held by asset, or why nobody can tell."""
    return {each.asset.symbol: each.end.untold or each.found if each.end else None for each in rows or ()}


def test_the_last_block_of_a_closed_month_is_asked_once_by_a_node_that_remembers_it(
    chain: Devchain, fake: FakeNode, mia: Merchant, new_session: Callable[..., CheckoutSession]
) -> None:
    session = new_session(allowedAssets=["USDC", "ETH"])
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    street = Street(chain, refreshed(session)).looked()
    street.sends(FULL).sends(WEI, "ETH")
    chain.node.mine(FINAL)
    street.looked()
    month = session.payments.earliest("id").arrived_at.date().replace(day=1)
    end, closed = beginning(next_month(month), mia), closes_at(month, mia) + timedelta(minutes=1)

    def as_it_ended() -> Statement:
        return statement(mia, "test", month, closed)

    # The chain has not come to the month's end: what is its last block nobody knows yet.
    assert as_it_ended().is_closed
    assert month_end(mia, "test", as_it_ended()) is None
    assert told(compare_month_end(mia, "test", as_it_ended())) == {"ETH": None, "USDC": None}
    assert not own(MonthEndBalance).exists()

    last = int(chain.node.rpc("eth_blockNumber", []), 16)
    chain.node.rpc("evm_setNextBlockTimestamp", [int(end.timestamp())])  # the very first moment of the next
    chain.node.mine(FINAL)
    # Nor what was paid in it, while it was not read so far.
    assert told(compare_month_end(mia, "test", as_it_ended())) == {"ETH": None, "USDC": None}
    assert not own(MonthEndBalance).exists()
    with time_machine.travel(closed):  # what is collected then is none of the month
        for token in (chain.usdc, "0x" + "0" * 40):
            deposit = Deposit(session_id=session.public_id, treasury=MIAS_WALLET, token=token)
            call = collect_call(deposits=[deposit])
            chain.node.send(to=call.to, data=call.data, gas=1_000_000)
        chain.node.mine(FINAL)
        street.looked()
    assert [(each.booked, each.found) for each in compare(mia, "test")] == [(0, 0), (0, 0)]

    # A node that forgot the block did not fail.
    fake.refuse("eth_getBlockByNumber", "history is pruned", when=lambda block, _: block in {hex(0), hex(last)})
    assert told(compare_month_end(mia, "test", as_it_ended())) == {"ETH": None, "USDC": None}
    assert not nodes_for(DEVCHAIN).all[0].is_failing
    old = {hex(number) for number in range(last)}
    fake.refuse("eth_getBlockByNumber", "history is pruned", when=lambda block, _: block in old)
    for method in ("eth_call", "eth_getBalance"):
        fake.refuse(method, "missing trie node", when=lambda _, block: block == hex(last))
    assert told(compare_month_end(mia, "test", as_it_ended())) == {"ETH": "no_history", "USDC": "no_history"}
    fake.well()
    rows = compare_month_end(mia, "test", as_it_ended())
    assert told(rows) == {"ETH": Decimal("0.01"), "USDC": Decimal(49)}
    assert [each.more for each in rows] == [0, 0]
    assert {(row.block_number, row.block_time) for row in own(MonthEndBalance)} == {(last, time_of(chain, last))}
    fake.forget()
    assert (
        told(compare_month_end(mia, "test", as_it_ended())) == told(month_end(mia, "test", as_it_ended())) == told(rows)
    )
    assert fake.calls == []


OCTOBER = date(2026, 10, 1)


def kept(mia: Merchant, asset: str, units: int | None, untold: str = "", **more: Any) -> None:
    """What the chain told of Mia's October, of which the books have 49 USDC and 0.01 ETH."""
    of_it = {"merchant": mia, "mode": "test", "month": OCTOBER, "network": "devchain", "asset": asset}
    end = {"block_number": 4_711_000, "block_time": datetime(2026, 10, 31, 23, 59, 58, tzinfo=UTC)}
    MonthEndBalance.objects.create(**of_it | end | {"amount_units": units, "untold": untold} | more)


@pytest.fixture
def october(mia: Merchant) -> Desk:
    """Mia's, long after."""
    for asset, decimals, units in (("USDC", 6, FULL), ("ETH", 18, WEI)):
        BookLine.objects.create(
            merchant=mia, mode="test", kind="received", booked_on=OCTOBER, at=timezone.now(), network="devchain",
            asset=asset, decimals=decimals, amount_units=units, currency="USD", value=49, reporting_currency="USD",
            reporting_value=49, tx_hash=asset,
        )  # fmt: skip
    return Desk(owner_of(mia))


def test_the_statement_shows_what_was_told_of_its_end(october: Desk, mia: Merchant, otto: Merchant) -> None:
    def read() -> str:
        with time_machine.travel(datetime(2026, 11, 20, tzinfo=UTC)):
            return str(october.get("books?month=2026-10").content.decode())

    kept(otto, "USDC", FULL)
    kept(mia, "USDC", FULL, mode="live")
    kept(mia, "USDC", FULL, month=date(2026, 9, 1))
    assert "as October ended" not in read()
    kept(mia, "USDC", FULL - 1)
    kept(mia, "ETH", None, "no_history")
    page = read()
    assert "as October ended" in page
    assert ">-0.000001<" in page
    assert "4,711,000" in page
    assert "23:59:58" in page
    assert "cannot be told: the network&#x27;s nodes keep no history so far back" in page
    assert ">Compare with the chain<" in page
    own(MonthEndBalance).filter(asset="ETH").update(amount_units=WEI, untold="")
    page = read()
    assert "Equal" in page
    assert ">Compare with the chain<" not in page


def test_a_press_on_a_closed_month_asks_about_its_end(october: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:9")  # nobody is there
    cache.clear()
    page = october.post("books?month=2026-10").content.decode()
    assert "as October ended" in page
    assert page.count("cannot be read now") == 2
    assert not own(MonthEndBalance).exists()
    kept(Merchant.objects.get(public_id=october.business), "ETH", WEI)
    page = october.post("books?month=2026-10").content.decode()
    assert "less than a minute ago" in page
    assert "Equal" in page


LAST = Block(number=7, hash="0x07", time=datetime(2026, 10, 31, 23, 59, 58, tzinfo=UTC))
CLOSED = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The networks that were asked for October's last block, which has been read for long."""
    asked = []

    def last(network: Network, _: datetime) -> Block:
        asked.append(network.id)
        return LAST

    monkeypatch.setattr(compared, "last_block_before", last)
    ScanCursor.objects.update_or_create(network="devchain", defaults={"block_number": 7 + FINAL})
    return asked


def test_of_too_many_addresses_nobody_asks(
    mia: Merchant, october: Desk, ends: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compared, "MOST_ADDRESSES", -1)
    rows = compare_month_end(mia, "test", statement(mia, "test", OCTOBER, CLOSED))
    assert told(rows) == {"ETH": "too_many", "USDC": "too_many"}


def test_a_network_whose_turn_comes_too_late_is_asked_at_the_next_press(
    mia: Merchant, october: Desk, ends: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    of_october = statement(mia, "test", OCTOBER, CLOSED)
    with monkeypatch.context() as patch:
        patch.setattr(compared, "ASKING_SECONDS", 0.0)
        assert told(compare_month_end(mia, "test", of_october)) == {"ETH": None, "USDC": None}
        assert ends == []
        assert [each.found for each in compare(mia, "test")] == [None, None]
    assert told(compare_month_end(mia, "test", of_october)) == {"ETH": 0, "USDC": 0}  # no address had any
    assert ends == ["devchain"]


def test_where_nothing_lay_nobody_asks(mia: Merchant, october: Desk, ends: list[str]) -> None:
    for line in own(BookLine).all():
        line.pk, line.kind = None, "collected"
        line.save()
    assert compare_month_end(mia, "test", statement(mia, "test", OCTOBER, CLOSED)) == []
    assert ends == []


def test_what_somebody_was_told_meanwhile_stays(
    mia: Merchant, october: Desk, ends: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told_meanwhile(_network: Network, asset: Asset, *_: object) -> None:
        kept(mia, asset.symbol, FULL)

    monkeypatch.setattr(compared, "held_at", told_meanwhile)
    compare_month_end(mia, "test", statement(mia, "test", OCTOBER, CLOSED))
    assert {(row.amount_units, row.untold, row.block_number) for row in own(MonthEndBalance)} == {(FULL, "", 4_711_000)}


def test_nobody_asks_for_an_end_that_a_new_time_zone_put_off(mia: Merchant, october: Desk, ends: list[str]) -> None:
    Merchant.objects.filter(pk=mia.pk).update(months_closed_to=date(2026, 11, 1), time_zone="Pacific/Honolulu")
    cache.clear()
    with time_machine.travel(datetime(2026, 11, 1, 9, tzinfo=UTC)):  # 23:00 of 31 October there
        page = october.post("books?month=2026-10").content.decode()
    assert page.count("not closed yet by your time zone of now") == 2
    assert ends == []


@pytest.mark.parametrize(
    ("back", "remembers", "told", "lowest"),
    [
        (1, 100_000, 99_999, 98_976), (1_025, 100_000, 98_975, 96_928), (40_000, 100_000, 60_000, 35_488),
        (5_000, 6_000, 95_000, 92_832), (5_000, 4_000, None, 92_832), (200_000, 100_000, None, 0),
    ],
)  # fmt: skip
def test_the_last_block_is_looked_for_from_the_head_back(
    monkeypatch: pytest.MonkeyPatch, back: int, remembers: int, told: int | None, lowest: int
) -> None:
    """A second each, the head's number 100,000; the node knows so many of the newest."""

    def block(_: object, which: str, *_more: object) -> dict[str, str] | None:
        number = 100_000 if which == "latest" else int(which, 16)
        if number < 100_000 - remembers:
            return None
        return {"number": hex(number), "timestamp": hex(1_700_000_000 + number), "hash": f"0x{number:064x}"}

    with FakeNode() as node:
        node.answer("eth_chainId", hex(DEVCHAIN.chain_id or 0))
        node.answer("eth_getBlockByNumber", block)
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        found = last_block_before(DEVCHAIN, datetime.fromtimestamp(1_700_000_000 + 100_001 - back, UTC))
        asked = [params[0] for method, params in node.calls if method == "eth_getBlockByNumber"]
    assert (found.number if found else None) == told
    assert min(int(each, 16) for each in asked if each != "latest") == lowest
    assert len(asked) < 40
    assert not nodes_for(DEVCHAIN).all[0].is_failing


def time_of(chain: Devchain, block: int) -> datetime:
    """As the node says it."""
    return datetime.fromtimestamp(
        int(chain.node.rpc("eth_getBlockByNumber", [hex(block), False])["timestamp"], 16), UTC
    )

"""What a network took for one transaction is booked once, however many businesses it collected for."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from chains_app.calls.transactions import Cost
from chains_app.networks.networks import network
from merchants_app.models import Merchant
from sessions_app.books import fees
from sessions_app.models import BookLine, LineKind, UnbookedFee
from tests.cast import PATS_WALLET, merchant
from tests.locks.cases_books import told
from tests.sessions_app.books.test_adding_up import undone_at_the_end

TX, OTHER_TX, COST = "0x07", "0x77", 101


@pytest.fixture(autouse=True)
def mined() -> Iterator[None]:
    """The transaction cost so much."""
    with patch.object(fees, "costs_of", lambda _network, hashes: {each: Cost(units=COST, at=NOW) for each in hashes}):
        yield


NOW = timezone.now()


def learn(*businesses: Merchant) -> None:
    """Collections for these have become final; then the networks are asked, twice."""
    ask(*businesses)
    for _ in range(2):
        look()


def ask(*businesses: Merchant) -> None:
    """As the books do for each of their payments, however often. Each says that it collected them."""
    told(*businesses)
    asked = [
        UnbookedFee(merchant=each, mode="test", network="devchain", tx_hash=TX, at=timezone.now())
        for each in businesses
    ]
    UnbookedFee.objects.bulk_create(asked, ignore_conflicts=True)


def look() -> None:
    fees.book_fees(network("devchain"))


def paid(business: Merchant) -> Decimal:
    """As the books have it."""
    lines = BookLine.objects.filter(merchant=business, tx_hash=TX).order_by()
    sums = dict(lines.values_list("kind").annotate(Sum("amount_units")))
    return sums.get(LineKind.NETWORK_FEE, Decimal(0)) - sums.get(LineKind.FEE_TAKEN_BACK, Decimal(0))


@pytest.fixture
def pat(db: None) -> Merchant:
    return merchant("Pat Prints", PATS_WALLET)


@pytest.mark.django_db
def test_who_learns_of_it_together_shares_it(mia: Merchant, otto: Merchant) -> None:
    learn(mia, otto)
    assert (paid(mia), paid(otto)) == (51, 50)


@pytest.mark.django_db
def test_who_learns_of_it_later_takes_their_share_from_who_bore_it_all(mia: Merchant, otto: Merchant) -> None:
    learn(mia)
    assert paid(mia) == COST
    learn(otto)
    assert sorted((paid(mia), paid(otto))) == [50, 51]
    assert not UnbookedFee.objects.filter(tx_hash=TX).exists()


@pytest.mark.django_db
def test_what_the_chain_has_lost_for_one_of_them_comes_back_to_them(mia: Merchant, otto: Merchant) -> None:
    learn(mia)
    learn(otto)
    share = paid(otto)
    fees.take_back_fees([UnbookedFee(merchant=mia, mode="test", network="devchain", tx_hash=TX)], now=NOW)
    assert share in {50, 51}
    assert (paid(mia), paid(otto)) == (0, share)


@pytest.mark.django_db
def test_what_the_chain_has_lost_of_many_costs_as_many_statements_as_of_one(
    mia: Merchant, otto: Merchant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    learn(mia, otto)
    lost = [UnbookedFee(merchant=each, mode="test", network="devchain", tx_hash=TX) for each in (mia, otto)]
    with django_assert_num_queries(3):
        fees.take_back_fees([*lost, *lost], now=NOW)
    assert (paid(mia), paid(otto)) == (0, 0)
    with django_assert_num_queries(0):
        fees.take_back_fees([], now=NOW)


# Who asks at once, and how often the network is asked before the next do.
ASKING = st.lists(
    st.tuples(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=3), st.integers(0, 2)), min_size=1, max_size=4
)


@pytest.mark.django_db
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(asking=[([0], 1), ([0, 1], 1)])
@example(asking=[([0, 1], 1), ([0, 2], 2), ([0], 1)])
@given(asking=ASKING)
def test_whoever_learns_of_it_with_whom_and_how_often_all_of_them_bear_it_once(
    mia: Merchant, otto: Merchant, pat: Merchant, asking: list[tuple[list[int], int]]
) -> None:
    with undone_at_the_end():
        everybody = [mia, otto, pat]
        for asks, looks in asking:
            ask(*(everybody[each] for each in asks))
            for _ in range(looks):
                look()
                assert sum(map(paid, everybody)) in {0, COST}
        learn()
        shares = [paid(each) for each in everybody]
        bearing = [share for share in shares if share]
        assert sum(shares) == COST
        assert max(bearing) - min(bearing) <= 1
        assert {place for place, share in enumerate(shares) if share} == {each for asks, _ in asking for each in asks}
        assert not UnbookedFee.objects.filter(tx_hash=TX).exists()


@pytest.mark.django_db
def test_who_bears_it_already_and_asks_again_changes_nothing(mia: Merchant, otto: Merchant) -> None:
    learn(mia, otto)
    lines = list(BookLine.objects.filter(tx_hash=TX).values_list("pk", flat=True))
    for asking in ([otto], [mia, otto]):
        learn(*asking)
        assert list(BookLine.objects.filter(tx_hash=TX).values_list("pk", flat=True)) == lines


@pytest.mark.django_db
def test_each_network_transaction_and_mode_has_its_own(mia: Merchant) -> None:
    places = [(name, tx) for name in ("unichain", "linea") for tx in (OTHER_TX, "0x08")]
    asked = [
        UnbookedFee(merchant=mia, mode=mode, network=name, tx_hash=tx, at=NOW)
        for name, tx in places
        for mode in ("test", "live")
    ]
    for _name, tx in places:
        for mode in ("test", "live"):
            told(mia, tx_hash=tx, mode=mode)
    waiting = UnbookedFee.objects.filter(merchant=mia)

    def booked(kind: str) -> list[tuple[str, str, str, int, int]]:
        lines = BookLine.objects.filter(merchant=mia, kind=kind).order_by("-network", "-tx_hash", "-mode", "id")
        return list(lines.values_list("network", "tx_hash", "mode", "amount_units", "turn"))

    UnbookedFee.objects.bulk_create(asked)
    for name in ("unichain", "linea"):
        fees.book_fees(network(name))
        assert set(waiting.values_list("network", flat=True)) == ({"linea"} if name == "unichain" else set())
    all_of_them = [(*place, *of_mode, 1) for place in places for of_mode in (("test", 51), ("live", 50))]
    assert booked("network_fee") == all_of_them
    lost = asked[0]
    for turn in (1, 2):
        UnbookedFee.objects.bulk_create([UnbookedFee(merchant=mia, mode=mode, network="linea", tx_hash=OTHER_TX, at=NOW)
                                         for mode in ("test", "live")], ignore_conflicts=True)  # fmt: skip
        for _ in range(2):
            fees.take_back_fees([lost], now=NOW)
        assert waiting.count() == 2
        back = BookLine.objects.filter(merchant=mia, kind="fee_taken_back").latest("id")
        assert (back.network, back.tx_hash, back.mode, back.turn, back.at) == ("unichain", OTHER_TX, "test", turn, NOW)
        UnbookedFee.objects.bulk_create(
            [UnbookedFee(merchant=mia, mode="test", network="unichain", tx_hash=OTHER_TX, at=NOW)]
        )
        for _ in range(2):
            fees.book_fees(network("unichain"))
    assert [each[:3] for each in booked("fee_taken_back")].count(("linea", OTHER_TX, "test")) == 0
    UnbookedFee.objects.create(merchant=mia, mode="test", network="linea", tx_hash="0x09", at=NOW)
    told(mia, tx_hash="0x09")
    fees.book_fees(network("linea"))
    assert ("linea", "0x09", "test", COST, 1) in booked("network_fee")


@pytest.mark.django_db
def test_a_fee_is_a_line_of_the_networks_coin_at_its_worth(mia: Merchant) -> None:
    learn(mia)
    line = BookLine.objects.get(merchant=mia)
    assert (line.kind, line.asset, line.decimals, line.amount_units, line.at) == ("network_fee", "ETH", 18, COST, NOW)
    assert (line.currency, line.value, line.session_id, line.booked_on) == ("", None, None, NOW.date())
    assert (line.reporting_currency, line.reporting_rate) == ("USD", 2500)
    assert line.reporting_value == Decimal(COST * 2500).scaleb(-18)
    assert (line.reporting_sources, line.reporting_rate_at) == ("market: fixed_test_table", NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(("mias", "ottos", "waiting"), [(8, 8, 0), (8, 6, 2), (6, 8, 2)])
def test_what_is_in_no_block_is_asked_for_until_a_week_after_the_last_learned_of_it(
    mia: Merchant, otto: Merchant, mias: int, ottos: int, waiting: int
) -> None:
    ask(mia, otto)
    for each, days in ((mia, mias), (otto, ottos)):
        UnbookedFee.objects.filter(merchant=each).update(at=timezone.now() - timedelta(days=days))
    with patch.object(fees, "costs_of", lambda _network, hashes: dict.fromkeys(hashes)):
        look()
    assert UnbookedFee.objects.filter(tx_hash=TX).count() == waiting
    assert paid(mia) == paid(otto) == 0

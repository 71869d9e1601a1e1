"""What a pair costs, from what the sources say: a table of cases, and what must hold for all of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains_app.rates.pairs import pair
from chains_app.rates.rules import Anchor, NoPrice, Price, Reading, Rule, anchor_after, judge, keeps_peg

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ETH = pair("ETH/USD")
NEW = pair("NEW/USD")  # an operator's own asset, of which nothing is known
NAMES = ("coinbase", "kraken", "chainlink")


def said(*values: str | Decimal, minutes_ago: float = 0) -> list[Reading]:
    at = NOW - timedelta(minutes=minutes_ago)
    return [Reading(source=n, pair="ETH/USD", value=Decimal(v), at=at) for n, v in zip(NAMES, values, strict=False)]


def known(value: str | Decimal, hours_ago: float = 0.1) -> Anchor:
    return Anchor(value=Decimal(value), at=NOW - timedelta(hours=hours_ago))


@pytest.mark.parametrize(
    ("readings", "anchor", "expected"),
    [
        (said("3000", "3010", "3005"), None, "3005"),
        (said("3000", "3010"), None, "3005"),
        (said("3000", "3060"), None, "3030"),  # 2 % apart
        (said("3000", "3061"), None, None),
        (said("3000", "30000", "3010"), None, "3005"),  # one wrong by 10×
        (said("3000", "300", "3010"), None, "3005"),
        (said("30000", "3000", "3010"), None, "3005"),  # whoever it is
        (said("3000", "30000"), None, None),  # who is right?
        (said("3000", "30000"), known("2950"), "3000"),  # the one that is near what was right before
        (said("30000", "3000"), known("2950", hours_ago=25), None),
        (said("3000", "3200"), known("3100"), None),  # both credible, too far apart
        (said("3000", "30000", "300"), known("3100"), "3000"),
        (said("3000", "3200", "3400"), known("3100"), None),
        (said("30000", "30000"), known("3000"), "30000"),  # two that agree are believed
        (said("3000"), known("2900"), "3000"),
        (said("30000"), known("2900"), None),
        (said("3500"), known("2900"), None),  # a jump of 20.7 %
        (said("3600"), known("3000"), "3600"),  # of 20 % up, and down
        (said("2400"), known("3000"), "2400"),
        (said("3600.01"), known("3000"), None),
        (said("3000"), None, "3000"),  # no history: of the right size
        (said("30000"), None, None),
        (said("300"), None, None),
        (said("10000"), None, "10000"),  # four times as much as is roughly known of it, and a quarter
        (said("625"), None, "625"),
        (said("10000.01"), None, None),
        (said("624.99"), None, None),
        ([], known("3000"), None),
        (said("3000", "3000", minutes_ago=5.1), None, None),
        (said("3000", "3000", minutes_ago=5), None, "3000"),
        (said("3000", "3000", minutes_ago=-2), None, None),  # from the future
        (said("3000", "3061", "3030"), None, "3015"),  # the closer two
        (said("3000", "3121.2", "3060"), None, "3030"),  # equally close: the cheaper two
        (said("-3000", "-3000"), None, None),
        (said("0", "0", "0"), None, None),
    ],
)
def test_what_it_costs(readings: list[Reading], anchor: Anchor | None, expected: str | None) -> None:
    found = judge(ETH, readings, anchor=anchor, now=NOW)
    assert (found.value if isinstance(found, Price) else None) == (Decimal(expected) if expected else None)


def test_it_says_who_was_believed_and_who_was_not() -> None:
    price = judge(ETH, said("3000", "30000", "3030"), anchor=None, now=NOW)
    assert isinstance(price, Price)
    assert {reading.source for reading in price.used} == {"coinbase", "chainlink"}
    assert {reading.source for reading in price.ignored} == {"kraken"}
    assert (price.rule, price.disagreement) == (Rule.MEDIAN, Decimal("0.01"))


def test_an_asset_nothing_is_known_of_needs_two_sources_at_first() -> None:
    alone = [Reading(source="coinbase", pair="NEW/USD", value=Decimal(7), at=NOW)]
    assert isinstance(judge(NEW, alone, anchor=None, now=NOW), NoPrice)
    assert isinstance(judge(NEW, alone, anchor=known("7"), now=NOW), Price)


def test_a_refused_price_does_not_move_the_anchor() -> None:
    assert anchor_after(known("3000"), judge(ETH, said("9000"), anchor=known("3000"), now=NOW), now=NOW) == known(
        "3000"
    )


def test_after_a_day_without_a_second_source_the_anchor_is_forgotten() -> None:
    old = known("3000", hours_ago=24.5)
    assert anchor_after(old, NoPrice("nobody answers"), now=NOW) is None


@pytest.mark.parametrize(
    ("readings", "sentence"),
    [
        (said("3000", "3061"), "the sources of its rate are more than 2 % apart"),
        (said("30000"), "only one source of rates answers, and what it says is too far from what was known before"),
    ],
)
def test_it_says_why_there_is_no_price(readings: list[Reading], sentence: str) -> None:
    assert judge(ETH, readings, anchor=None, now=NOW) == NoPrice(sentence)


@pytest.mark.parametrize(("worth", "keeps"), [("0.99", True), ("1.01", True), ("0.98999", False), ("1.01001", False)])
def test_a_stablecoin_keeps_its_peg_up_to_one_percent(worth: str, keeps: bool) -> None:
    assert keeps_peg(Decimal(worth)) is keeps


@pytest.mark.parametrize(("hours", "value"), [("0.999", "3000"), ("1", "3100"), ("24", "3100"), ("24.001", "3100")])
def test_a_lone_source_moves_the_anchor_once_an_hour(hours: str, value: str) -> None:
    before = known("3000", hours_ago=float(hours))
    after = anchor_after(before, judge(ETH, said("3100"), anchor=before, now=NOW), now=NOW)
    assert after is not None
    assert after.value == Decimal(value)


def test_after_just_a_day_the_anchor_is_still_known() -> None:
    assert anchor_after(known("3000", hours_ago=24), NoPrice("nobody answers"), now=NOW) == known("3000", hours_ago=24)


PRICES = st.decimals(min_value=1, max_value=10**6, places=4)
CLOSE = st.decimals(min_value="0.99", max_value="1.01", places=6)
ANY = st.decimals(min_value="0.0001", max_value=10**9, places=4)


@given(st.lists(ANY, max_size=3), st.none() | ANY, st.permutations(range(3)))
def test_the_order_of_arrival_does_not_matter(values: list[Decimal], anchor: Decimal | None, order: list[int]) -> None:
    readings = said(*values)
    shuffled = [readings[position] for position in order if position < len(readings)]
    before = known(anchor) if anchor else None
    assert judge(ETH, readings, anchor=before, now=NOW) == judge(ETH, shuffled, anchor=before, now=NOW)


@given(PRICES, CLOSE, ANY, st.none() | ANY)
def test_one_liar_among_three_moves_the_price_by_2_percent_at_most(
    honest: Decimal, close: Decimal, lie: Decimal, anchor: Decimal | None
) -> None:
    honestly = (honest, honest * close)
    price = judge(ETH, said(*honestly, lie), anchor=known(anchor) if anchor else None, now=NOW)
    assert isinstance(price, Price)
    assert min(honestly) / Decimal("1.02") <= price.value <= max(honestly) * Decimal("1.02")


@given(PRICES, ANY, st.decimals(min_value="0.85", max_value="1.15", places=4))
def test_one_liar_against_one_honest_source_can_only_stop_the_sale(
    honest: Decimal, lie: Decimal, moved: Decimal
) -> None:
    price = judge(ETH, said(honest, lie), anchor=known(honest * moved), now=NOW)
    if isinstance(price, Price):
        assert honest / Decimal("1.02") <= price.value <= honest * Decimal("1.02")
    else:  # only what is credible, too, and far from what is right stops it
        assert abs(lie / honest - 1) > Decimal("0.0196")
        assert Decimal("0.8") <= lie / (honest * moved) <= Decimal("1.2")


@given(PRICES, st.decimals(min_value="0.9", max_value="1.1", places=4), st.sampled_from(["0.1", "0.5", "2", "10"]))
def test_a_liar_who_is_far_off_does_not_stop_the_sale(honest: Decimal, moved: Decimal, factor: str) -> None:
    price = judge(ETH, said(honest, honest * Decimal(factor)), anchor=known(honest * moved), now=NOW)
    assert isinstance(price, Price)
    assert price.value == honest


@given(st.lists(st.decimals(min_value="0.5", max_value="2", places=4), min_size=1, max_size=120))
def test_a_source_left_alone_cannot_walk_faster_than_20_percent_an_hour(steps: list[Decimal]) -> None:
    anchor: Anchor | None = Anchor(value=Decimal(3000), at=NOW)
    value, moment = Decimal(3000), NOW
    for step in steps:
        moment += timedelta(minutes=10)
        assert anchor is not None
        reading = Reading(source="coinbase", pair="ETH/USD", value=value * step, at=moment)
        is_credible = abs(reading.value - anchor.value) <= anchor.value * Decimal("0.2")
        price = judge(ETH, [reading], anchor=anchor, now=moment)
        anchor = anchor_after(anchor, price, now=moment)
        # It is believed just when it is within a fifth of the anchor.
        assert isinstance(price, Price) == is_credible
        if isinstance(price, Price):
            value = price.value
        hours = (moment - NOW) // timedelta(hours=1)
        assert value <= Decimal(3000) * Decimal("1.2") ** (hours + 1)

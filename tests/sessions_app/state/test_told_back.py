"""Of no asset more goes back than came, whatever is paid, refunded and told to have gone back, in whatever order."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any, get_type_hints

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessions_app.state.back import Back
from sessions_app.state.facts import facts_of, sent_back
from sessions_app.state.session_view import DecisionView, PaymentView, RefundView, SessionView

ASSETS = ("USDC", "ETH")
STEPS = st.one_of(
    st.tuples(st.just("pay"), st.sampled_from(ASSETS), st.integers(1, 9_000)),  # cents
    st.tuples(st.just("refund"), st.sampled_from(ASSETS), st.integers(1, 100)),  # per cent of what is left
    st.tuples(st.just("prepare"), st.sampled_from(ASSETS), st.integers(1, 100)),
    st.tuples(st.just("withdraw"), st.just("the oldest"), st.just(0)),
    st.tuples(st.just("tell"), st.sampled_from(("late", "wrong_asset", "overpaid")), st.just(0)),
)
Step = tuple[str, str, int]
Sum = tuple[Decimal, Decimal]  # units, and their worth


def record(of: Any, **fields: Any) -> Any:
    """One of which nothing but these fields is asked for."""
    return of(**{**dict.fromkeys(get_type_hints(of)), **fields})


def came(payments: Iterable[Any], asset: str) -> Sum:
    own = [each for each in payments if each.asset == asset]
    return sum((each.amount_units for each in own), Decimal(0)), sum((each.value for each in own), Decimal(0))


def gone(back: Iterable[Back], asset: str) -> Sum:
    own = [each for each in back if each.asset == asset]
    return sum((each.units for each in own), Decimal(0)), sum((each.value for each in own), Decimal(0))


def after(steps: list[Step]) -> tuple[list[Any], list[Back], list[Back]]:
    """What came for a session over 49.00, what goes back and what surely. A minute passes between two steps."""
    payments: list[Any] = []
    refunds: list[Any] = []
    decisions: list[Any] = []
    back: list[Back] = []
    sure: list[Back] = []
    for number, (what, name, much) in enumerate(steps, start=1):
        at, place = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(minutes=number), f"{what}_{number}"
        if what == "pay":  # each at a rate of its own
            fields = {"amount_units": Decimal(much * 10_007 // number), "value": Decimal(much) / 100}
            fields |= {"arrived_at": at, "seen_at": at, "confirmed_at": at, "counts": True, "times_vanished": 0}
            payments.append(record(PaymentView, network="sandbox", public_id=place, asset=name, **fields))
        elif what in {"refund", "prepare"}:
            (units, value), (units_gone, value_gone) = came(payments, name), gone(back, name)
            fields = {"amount_units": (units - units_gone) * much // 100, "value": (value - value_gone) * much / 100}
            status = {"status": "confirmed", "tx_hash": place} if what == "refund" else {"status": "prepared"}
            refunds.append(
                record(RefundView, network="sandbox", public_id=place, asset=name, created_at=at, **status, **fields)
            )
        elif what == "withdraw":
            oldest = next((n for n, each in enumerate(refunds) if each.status == "prepared"), None)
            if oldest is not None:
                refunds[oldest] = refunds[oldest]._replace(status="withdrawn", withdrawn_at=at)
        else:
            seen = [each.public_id for each in payments if name != "wrong_asset" or each.asset == "ETH"]
            fields = {"kind": "refunded", "issue": name, "seen": seen, "tx_hash": place}
            decisions.append(record(DecisionView, decided_at=at, **fields))
        lists = {"payments": payments, "refunds": refunds, "decisions": decisions}
        nothing = {"tolerance_percent": Decimal(0), "tolerance_amount": Decimal(0)}
        session = record(SessionView, amount=Decimal(49), currency="USD", expires_at=at, **nothing, **lists)
        back, sure = sent_back(session), sent_back(session, is_sure=True)
    return payments, back, sure


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=9))
@example(steps=[("pay", "USDC", 4_410), ("refund", "USDC", 45), ("tell", "late", 0)])
@example(steps=[("pay", "USDC", 4_410), ("tell", "late", 0), ("pay", "USDC", 500), ("tell", "late", 0)])
def test_of_no_asset_more_goes_back_than_came(steps: list[Step]) -> None:
    payments, *views = after(steps)
    for back, asset in product(views, ASSETS):
        for much, most in zip(gone(back, asset), came(payments, asset), strict=True):
            assert 0 <= much <= most


@settings(max_examples=30)
@given(steps=st.lists(STEPS, max_size=9))
def test_once_all_is_told_to_have_gone_back_nothing_is_left(steps: list[Step]) -> None:
    payments, back, _ = after([*steps, ("tell", "late", 0)])
    assert [gone(back, asset) for asset in ASSETS] == [came(payments, asset) for asset in ASSETS]


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize(("lost_after", "before"), [(1, 0), (2, 49), (3, 49)])
def test_what_went_back_has_gone_though_the_network_takes_back_what_it_was_of(
    is_told: bool, lost_after: int, before: int
) -> None:
    noon, minute, worth = datetime(2030, 1, 1, 12, tzinfo=UTC), timedelta(minutes=1), Decimal(49)
    sum_of = {"network": "sandbox", "value": worth, "amount_units": worth}
    came = sum_of | {"counts": True, "seen_at": noon, "first_confirmed_at": noon, "times_vanished": 0}
    gone = {"arrived_at": noon + minute, "vanished_at": noon + lost_after * minute, "times_vanished": 1}
    payments = [
        record(PaymentView, public_id="pay_1", asset="USDC", arrived_at=noon, confirmed_at=noon, **came),
        record(PaymentView, public_id="pay_2", asset="ETH", **came | gone),
    ]
    went = {"created_at": noon + 2 * minute, "tx_hash": "0x77", "status": "confirmed"}
    refunds = [] if is_told else [record(RefundView, public_id="ref_1", asset="ETH", **sum_of, **went)]
    said = {"decided_at": noon + 2 * minute, "tx_hash": "0x77", "kind": "refunded", "issue": "paid_twice"}
    nothing = {"tolerance_percent": Decimal(0), "tolerance_amount": Decimal(0)}
    lists = {"payments": payments, "refunds": refunds, "decisions": [record(DecisionView, seen=["pay_2"], **said)]}
    session = record(SessionView, amount=worth, currency="USD", expires_at=noon, **nothing, **lists)
    if is_told and not before:  # it was gone already: nothing of it could go back
        assert sent_back(session) == []
        return
    facts = facts_of(session)
    assert (facts.sent_back, facts.back_before_loss) == (49, before)
    assert [(each.asset, each.value, each.is_told) for each in sent_back(session)] == [("ETH", 49, is_told)]

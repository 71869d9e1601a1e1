"""Whether collecting is worth its fee, and the file for a Safe."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.cache import cache

from chains_app.calls.gas import learn_price, usual_price
from chains_app.networks.networks import network
from chains_app.receiving.deposits import Call
from sessions_app.collecting.collecting import Balance, Plan
from sessions_app.collecting.piles import Pile
from sessions_app.collecting.safe import safe_file
from tests.fake_node import FakeNode


def pile(worth: str | None, fee: str | None, usual: str | None = None, *, may_take: str = "0.01") -> Pile:
    base = network("base")
    return Pile(
        balance=Balance(network=base, asset=base.assets["USDC"], deposits=3, amount_units=1),
        may_take=Decimal(may_take),
        **{
            name: Decimal(value) if value is not None else None
            for name, value in (("worth", worth), ("fee_worth", fee), ("usual_fee_worth", usual))
        },  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("worth", "fee", "usual", "verdict"),
    [
        ("1016.20", "0.12", None, "yes"),
        ("100", "1", "0.10", "yes"),  # one percent is not too much, however busy the network is
        ("100", "1.01", None, "small"),
        ("100", "1.01", "0.51", "small"),
        ("653.37", "56.03", "4.08", "busy"),
        ("100", "2", "1", "busy"),
        ("5", "0", None, "yes"),  # play money
        (None, "1", None, "unknown"),
        ("0", "1", None, "unknown"),
        ("100", None, None, "unknown"),
    ],
)
def test_a_fee_above_what_the_business_says_is_better_waited_with(
    worth: str | None, fee: str | None, usual: str | None, verdict: str
) -> None:
    assert pile(worth, fee, usual).verdict == verdict


@pytest.mark.parametrize(("may_take", "verdict"), [("0.05", "yes"), ("0.0499", "small")])
def test_how_much_that_is_is_the_businesss_to_say(may_take: str, verdict: str) -> None:
    assert pile("100", "5", may_take=may_take).verdict == verdict


@pytest.mark.django_db
def test_what_gas_usually_costs_is_the_median_of_a_day_and_known_after_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeNode() as node:
        monkeypatch.setenv("RPC_URL_BASE", node.url)
        cache.clear()
        base = network("base")
        prices = [learn_price(base) for _ in range(11)]
        assert (usual_price(base), set(prices)) == (None, {prices[0]})
        learn_price(base)
        assert usual_price(base) == prices[0]
    assert usual_price(network("polygon")) is None


def test_a_safes_builder_opens_the_calls_of_a_collection() -> None:
    call = Call(to="0x40B1d2E97a58fC3064Ea7B19cD02386fE5a4907C", data="0x7c1a04b8", value=0)
    plan = Plan(
        network=network("base"), calls=[call], taken=[], deposits=3, left_over=0, treasuries=["0x7A3f"], gas=1, limit=1,
        deploys_factory=False,
    )  # fmt: skip
    assert safe_file(plan, now=datetime(2026, 11, 29, tzinfo=UTC)) == {
        "version": "1.0",
        "chainId": "8453",
        "createdAt": 1_795_910_400_000,
        "meta": {"name": "Collect on Base", "description": "3 deposits, into 0x7A3f"},
        "transactions": [
            {
                "to": "0x40B1d2E97a58fC3064Ea7B19cD02386fE5a4907C",
                "value": "0",
                "data": "0x7c1a04b8",
                "contractMethod": None,
                "contractInputsValues": None,
            }
        ],
    }

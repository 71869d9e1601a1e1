"""Gas on Ethereum's next fork (Amsterdam: EIP-8037 prices the growth of state), and what the chain is asked about it.

The figures are the same on every run; `pytest -s` prints them. docs/receiving.md has them.
"""

from collections.abc import Iterator

import pytest

from chains_app.calls.chain_calls import collecting_conditions
from chains_app.calls.gas import (
    TRANSACTION_CAP,
    fit_collection,
    learn_plain_transfer,
    learn_price,
    plain_transfer_gas,
    prices_of,
)
from chains_app.receiving.deposits import deposit_address, factory_deployment
from tests.anvil import Reverted
from tests.chains_app.contracts.stage import TREASURY, Stage, gas_used, many, outcomes
from tests.chains_app.node_cast import DEVCHAIN
from tests.fork_node import ForkNode

pytestmark = pytest.mark.django_db  # what is known of nodes is kept there


@pytest.fixture(scope="module")
def future() -> Iterator[Stage]:
    with ForkNode("amsterdam") as node:
        stage = Stage(node)
        stage.node.set_balance(TREASURY, 1)
        yield stage


@pytest.fixture(autouse=True)
def _asked(future: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", future.node.url)


def say(text: str) -> None:
    print(f"\n{text}")  # noqa: T201 - the figures are what this file is read for


def fill(stage: Stage, count: int) -> None:
    for each in many(count):
        stage.node.set_balance(deposit_address(session_id=each.session_id, treasury=TREASURY), 10**15)


def test_a_first_transfer_to_an_address_needs_ten_times_as_much_and_the_chain_says_so(future: Stage) -> None:
    with pytest.raises(Reverted):
        future.node.send(to="0x" + "ab" * 20, value=1, gas=21_000)
    used = gas_used(future.node.send(to="0x" + "ac" * 20, value=1))
    again = gas_used(future.node.send(to="0x" + "ac" * 20, value=1))
    learned = learn_plain_transfer(DEVCHAIN)
    say(f"a first transfer: {used:,} gas; a second one: {again:,}; learned: {learned}")
    assert used == 204_600
    assert again <= 21_100
    assert learned is not None
    assert used <= learned <= used * 1.02
    assert plain_transfer_gas(DEVCHAIN) == learned


def test_the_price_of_gas_is_asked_and_remembered(future: Stage) -> None:
    asked = learn_price(DEVCHAIN)
    assert asked is not None
    assert asked > 0
    assert prices_of([DEVCHAIN]) == {"devchain": asked}


def test_before_the_factory_is_there_both_transactions_are_estimated_as_one(future: Stage) -> None:
    fill(future, 5)
    conditions = collecting_conditions(DEVCHAIN)
    assert (conditions.factory_deployed, conditions.most_gas) == (False, TRANSACTION_CAP)
    fit = fit_collection(DEVCHAIN, many(5), most=conditions.most_gas, factory_deployed=False)
    deployment = factory_deployment()
    used = gas_used(future.node.send(to=deployment.to, data=deployment.data))
    say(f"the factory: {used:,} gas")
    both = used + gas_used(future.collect(*many(5)))
    assert 4_600_000 < used < 4_700_000
    assert fit.count == 5
    assert fit.gas is not None
    assert both * 0.98 <= fit.gas <= both * 1.1


def test_what_does_not_fit_one_transaction_is_cut_where_it_fits(future: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chains_app.calls.gas.SAMPLE", 3)
    fill(future, 13)
    unused, most = many(13)[5:], 1_200_000  # of 2^24 there is room for 129
    with pytest.raises(Reverted):
        future.collect(*unused, gas=most)
    fit = fit_collection(DEVCHAIN, unused, most=most, factory_deployed=True)
    receipt = future.collect(*unused[: fit.count], gas=fit.limit)
    used = gas_used(receipt)
    say(f"{fit.count} of 8 deposits of ETH: {used:,} gas used, {fit.gas:,} shown, {fit.limit:,} allowed")
    assert outcomes(receipt) == [True] * fit.count
    assert 4 <= fit.count < 8
    assert fit.gas is not None
    assert used * 0.98 <= fit.gas <= used * 1.1


def test_tokens_of_new_deposits_and_of_used_ones(future: Stage) -> None:
    deposits = many(10, future.usdc, treasury="0x7e57000000000000000000000000000000005678")
    figures = []
    for _ in range(2):
        for each in deposits:
            future.give(each.session_id, 5_000_000, token=each.token, treasury=each.treasury)
        receipt = future.collect(*deposits)
        assert outcomes(receipt) == [True] * 10
        figures.append(gas_used(receipt) / 10)
    say(f"10 of USDC: {figures[0]:,.0f} gas a session; from used deposits {figures[1]:,.0f}")
    assert figures[0] < 350_000
    assert figures[1] < 25_000


def test_a_deposit_that_serves_again_takes_a_buyers_ether_for_little_more_than_a_wallets(future: Stage) -> None:
    deposits = many(10, treasury="0x7e57000000000000000000000000000000009abc")
    future.node.set_balance(deposits[0].treasury, 1)
    buyers, sessions = [], []
    for _ in range(2):
        places = [deposit_address(session_id=each.session_id, treasury=each.treasury) for each in deposits]
        paid = [gas_used(future.node.send(to=place, value=10**15)) for place in places]
        buyers.append(paid[0])
        receipt = future.collect(*deposits)
        assert outcomes(receipt) == [True] * 10
        sessions.append(gas_used(receipt) / 10)
    say(f"a buyer's ETH: {buyers[0]:,} gas, again {buyers[1]:,}")
    say(f"10 of ETH: {sessions[0]:,.0f} gas a session, again {sessions[1]:,.0f}")
    assert buyers == [204_600, 21_021]
    assert sessions[0] > 120_000
    assert sessions[1] < 20_000

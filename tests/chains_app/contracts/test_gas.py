"""What collecting costs: at most 60,000 gas a session in a batch of 50, and the constants that fees are shown from.

The figures are the same on every run; `pytest -s` prints them.
"""

import pytest

from chains_app.receiving import deposits
from chains_app.receiving.deposits import ETHER, MAX_DEPOSITS, collect_call, collection_gas, deposit_address
from tests.chains_app.contracts.stage import TREASURY, Stage, gas_used, many, outcomes

GOAL = 60_000
TRANSACTION_CAP = 2**24  # EIP-7825
KINDS = ["ether", "usdc", "usdt"]


def say(text: str) -> None:
    print(f"\n{text}")  # noqa: T201 - the figures are what this file is read for


def token_of(stage: Stage, kind: str) -> str:
    return ETHER if kind == "ether" else str(getattr(stage, kind))


def fill(stage: Stage, count: int, token: str, treasury: str = TREASURY) -> None:
    """Gives the first `count` sessions' deposits money, without the transactions of that many buyers."""
    if token == ETHER:
        for each in many(count, token, treasury):
            stage.node.set_balance(deposit_address(session_id=each.session_id, treasury=treasury), 10**15)
    else:
        for each in many(count, token, treasury):
            stage.give(each.session_id, 5_000_000, token=token, treasury=treasury)


def collect_many(stage: Stage, count: int, token: str, treasury: str = TREASURY) -> int:
    """Gas of one transaction that collects them all."""
    fill(stage, count, token, treasury)
    receipt = stage.collect(*many(count, token, treasury))
    assert outcomes(receipt) == [True] * count
    return gas_used(receipt)


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_in_a_batch_of_fifty_costs_at_most_sixty_thousand_gas(stage: Stage, kind: str) -> None:
    stage.node.set_balance(TREASURY, 1)  # a treasury in use: the first ETH to an empty address costs 25,000 once
    gas = collect_many(stage, 50, token_of(stage, kind)) / 50
    say(f"collecting 50 deposits of {kind}: {gas:,.0f} gas a session")
    assert gas <= GOAL


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 10])
def test_the_gas_shown_in_advance_is_right_within_a_tenth(stage: Stage, kind: str, count: int) -> None:
    token = token_of(stage, kind)
    stage.node.set_balance(TREASURY, 1)
    used = collect_many(stage, count, token)
    shown = collection_gas(deposits=many(count, token))
    say(f"{count} new {kind}: {used:,} used, {shown:,} shown")
    again = collect_many(stage, count, token)
    shown_again = collection_gas(deposits=many(count, token), deployed=count)
    say(f"{count} again {kind}: {again:,} used, {shown_again:,} shown")
    assert used <= shown <= used * 1.1 + 20_000
    assert again <= shown_again <= again * 1.1 + 20_000


def test_the_factory_costs_what_is_said(bare: Stage) -> None:
    used = gas_used(bare.deploy_factory())
    say(f"factory: {used:,} gas")
    assert used <= deposits.FACTORY_DEPLOYMENT_GAS <= used + 1_000


def test_the_largest_batch_fits_one_transaction_even_for_a_contract_treasury(stage: Stage) -> None:
    treasury = stage.make("SafeLikeTreasury")
    fill(stage, MAX_DEPOSITS, ETHER, treasury)
    call = collect_call(deposits=many(MAX_DEPOSITS, ETHER, treasury))
    estimate = int(stage.node.rpc("eth_estimateGas", [{"to": call.to, "data": call.data}]), 16)
    say(f"{MAX_DEPOSITS} deposits of a contract: {estimate:,} gas estimated")
    assert estimate < TRANSACTION_CAP

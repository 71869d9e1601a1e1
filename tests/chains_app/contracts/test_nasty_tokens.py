"""Tokens as they should not be: none keeps another deposit's money back, none gets anything for itself."""

import pytest

from chains_app.receiving.deposits import (
    ETHER,
    FACTORY_ADDRESS,
    GAS_EACH,
    NOT_COLLECTED_TOPIC,
    deposit_address,
    salt_for,
)
from tests.anvil import FAILS, Reverted, RpcError
from tests.chains_app.contracts.stage import TREASURY, Stage, collections, gas_used, one, outcomes


@pytest.mark.parametrize("name", ["ReturnsFalse", "ReturnsTwo", "Reverts", "BurnsGas"])
def test_a_token_that_refuses_is_reported_and_holds_up_nobody(stage: Stage, name: str) -> None:
    nasty = stage.make(name)
    stage.give("cs_bad", 1_000, token=nasty)
    stage.pay("cs_before", 10)
    stage.pay("cs_after", 20, token=stage.usdt)
    receipt = stage.collect(one("cs_before"), one("cs_bad", nasty), one("cs_after", stage.usdt))
    assert outcomes(receipt) == [True, False, True]
    assert collections(receipt)[1].amount_units == 1_000
    assert stage.holds(deposit_address(session_id="cs_bad", treasury=TREASURY), nasty) == 1_000


@pytest.mark.parametrize("name", ["BalanceReverts", "BalanceBurnsGas", "EtherSender"])
def test_a_token_without_a_balance_to_tell_is_passed_over(stage: Stage, name: str) -> None:
    no_token = stage.make(name)
    stage.pay("cs_a", 10)
    assert outcomes(stage.collect(one("cs_a", no_token), one("cs_a"))) == [True]


def test_an_address_without_code_is_no_token(stage: Stage) -> None:
    assert stage.collect(one("cs_a", stage.stranger))["logs"] == []


def test_what_a_token_refused_can_be_collected_once_it_lets_go(stage: Stage) -> None:
    blocked = deposit_address(session_id="cs_a", treasury=TREASURY)
    token = stage.make("Blocklist", blocked)
    stage.pay("cs_a", 1_000, token=token)
    stage.pay("cs_b", 2_000, token=token)
    assert outcomes(stage.collect(one("cs_a", token), one("cs_b", token))) == [False, True]
    stage.node.set_code(token, stage.node.code(stage.usdc))  # the blocklist is lifted
    assert outcomes(stage.collect(one("cs_a", token))) == [True]
    assert stage.holds(TREASURY, token) == 3_000


def test_a_token_with_a_fee_delivers_less_and_says_what_left(stage: Stage) -> None:
    token = stage.make("TakesFee")
    deposit = stage.give("cs_a", 10_000, token=token)
    assert [seen.amount_units for seen in collections(stage.collect(one("cs_a", token)))] == [10_000]
    assert (stage.holds(TREASURY, token), stage.holds(deposit, token)) == (9_900, 0)


def test_an_enormous_answer_is_not_copied(stage: Stage) -> None:
    token = stage.make("ReturnsBomb")
    stage.give("cs_a", 1_000, token=token)
    assert outcomes(stage.collect(one("cs_a", token))) == [True]
    assert stage.holds(TREASURY, token) == 1_000


def re_entering(stage: Stage, *, itself: bool) -> str:
    """A deposit with 77 wei and 1,000 of a token that collects in the middle of its transfer; the token."""
    token = stage.make("ReEnters")
    aim = (FACTORY_ADDRESS, TREASURY, salt_for("cs_a"), itself)
    stage.node.execute(token, "aim(address,address,bytes32,bool)", *aim)
    stage.give("cs_a", 1_000, token=token)
    stage.pay("cs_a", 77)
    return token


def test_a_token_may_collect_the_ether_in_the_middle_of_its_transfer(stage: Stage) -> None:
    token = re_entering(stage, itself=False)
    receipt = stage.collect(one("cs_a", token), one("cs_a"), gas_each=1_000_000)
    assert [(seen.token, seen.amount_units) for seen in collections(receipt)] == [(ETHER, 77), (token, 1_000)]
    assert (stage.holds(TREASURY), stage.holds(TREASURY, token)) == (77, 1_000)


def test_a_token_that_moves_itself_twice_fails_alone_and_loses_nothing(stage: Stage) -> None:
    token = re_entering(stage, itself=True)
    receipt = stage.collect(one("cs_a", token), one("cs_a"), gas_each=1_000_000)
    assert outcomes(receipt) == [False, True]
    assert (stage.holds(TREASURY), stage.holds(TREASURY, token)) == (77, 0)
    assert stage.holds(deposit_address(session_id="cs_a", treasury=TREASURY), token) == 1_000


def test_a_gas_burner_costs_no_more_than_its_share(stage: Stage) -> None:
    token = stage.make("BurnsGas")
    stage.give("cs_bad", 1, token=token)
    stage.pay("cs_good", 1)
    assert gas_used(stage.collect(one("cs_bad", token), one("cs_good"))) < GAS_EACH + 200_000


def test_a_gas_limit_that_starves_a_transfer_fails_as_a_whole(stage: Stage) -> None:
    for number in range(3):
        stage.pay(f"cs_{number}", 10)
    deposits = [one(f"cs_{number}") for number in range(3)]
    for limit in range(100_000, 460_000, 40_000):
        with pytest.raises((Reverted, RpcError), match=FAILS):
            stage.collect(*deposits, gas=limit)
    assert stage.holds(TREASURY) == 0


def test_the_gas_that_a_wallet_estimates_is_enough_for_every_transfer(stage: Stage) -> None:
    for number in range(5):
        stage.pay(f"cs_{number}", 10, token=stage.usdt)
    # Sent without a limit, the node estimates it, as a wallet does.
    receipt = stage.collect(*[one(f"cs_{number}", stage.usdt) for number in range(5)])
    assert outcomes(receipt) == [True] * 5


def test_too_little_gas_each_moves_nothing_and_loses_nothing(stage: Stage) -> None:
    deposit = stage.pay("cs_a", 10)
    receipt = stage.collect(one("cs_a"), gas_each=0)
    assert [log["topics"][0] for log in receipt["logs"]] == [NOT_COLLECTED_TOPIC]
    assert stage.holds(deposit) == 10
    assert outcomes(stage.collect(one("cs_a"))) == [True]


def test_absurd_gas_each_is_refused(stage: Stage) -> None:
    stage.pay("cs_a", 10)
    with pytest.raises((Reverted, RpcError), match=FAILS):
        stage.collect(one("cs_a", ETHER), gas_each=2**256 - 1)

"""Pay first, to addresses where nothing is; deploy and collect afterwards, as often as money comes."""

import pytest

from chains_app.receiving.deposits import (
    DEPLOYMENT_PROXY,
    ETHER,
    FACTORY_ADDRESS,
    IMPLEMENTATION_ADDRESS,
    Collection,
    checked_address,
    collection_calls,
    deposit_address,
    salt_for,
)
from tests.anvil import FAILS, Reverted, RpcError
from tests.chains_app.contracts.stage import TREASURY, Stage, collections, gas_used, one, outcomes

OTHER_TREASURY = "0x7e57000000000000000000000000000000005678"
COLLECT = "collect((address,address,bytes32[])[],uint256)"


def test_the_node_has_the_deployment_proxy_that_networks_have(bare: Stage) -> None:
    assert bare.node.code(DEPLOYMENT_PROXY).startswith("0x7fffffff")
    assert bare.node.code(FACTORY_ADDRESS) == "0x"


def test_money_sent_before_anything_exists_is_collected_afterwards(bare: Stage) -> None:
    paid = [bare.pay("cs_a", 10**18), bare.pay("cs_b", 5_000_000, token=bare.usdc)]
    paid.append(bare.pay("cs_c", 7_000_000, token=bare.usdt))
    assert [bare.node.code(each) for each in paid] == ["0x"] * 3

    deposits = [one("cs_a"), one("cs_b", bare.usdc), one("cs_c", bare.usdt)]
    for call in collection_calls(deposits=deposits, factory_deployed=False):
        receipt = bare.node.send(to=call.to, data=call.data, value=call.value, sender=bare.stranger)

    held = [bare.holds(TREASURY, token) for token in (ETHER, bare.usdc, bare.usdt)]
    assert held == [10**18, 5_000_000, 7_000_000]
    assert [(seen.deposit, seen.amount_units) for seen in collections(receipt)] == list(zip(paid, held, strict=True))


def test_paying_an_undeployed_deposit_takes_the_gas_of_a_plain_transfer(stage: Stage) -> None:
    deposit = deposit_address(session_id="cs_a", treasury=TREASURY)
    assert gas_used(stage.node.send(to=deposit, value=1, gas=21_000)) == 21_000


def test_the_contracts_stand_where_python_says(stage: Stage) -> None:
    assert len(stage.node.code(FACTORY_ADDRESS)) > 1000
    assert stage.node.read(FACTORY_ADDRESS, "IMPLEMENTATION()(address)") == IMPLEMENTATION_ADDRESS.lower()


@pytest.mark.parametrize("session_id", ["cs_a", "cs_01k3v8h7xne5t9y2qm4w6r0zbd", "ünï", ""])
@pytest.mark.parametrize("treasury", [TREASURY, OTHER_TREASURY])
def test_the_chain_agrees_with_python_on_every_address(stage: Stage, session_id: str, treasury: str) -> None:
    arguments = (treasury, salt_for(session_id))
    on_chain = stage.node.read(FACTORY_ADDRESS, "depositAddress(address,bytes32)(address)", *arguments)
    assert deposit_address(session_id=session_id, treasury=treasury).lower() == on_chain


def test_the_deployed_clone_is_the_documented_64_bytes(stage: Stage) -> None:
    deposit = stage.pay("cs_a", 1)
    stage.collect(one("cs_a"))
    body = IMPLEMENTATION_ADDRESS[2:].lower()
    clone = f"0x3d3615602a57363d3d373d3d363d73{body}5af4602a5780fd5b00{TREASURY[2:].lower()}"
    assert stage.node.code(deposit) == clone


def test_one_call_serves_several_treasuries_tokens_and_sessions(stage: Stage) -> None:
    stage.pay("cs_a", 100)
    stage.pay("cs_a", 200, token=stage.usdc)
    stage.pay("cs_b", 300, token=stage.usdt, treasury=OTHER_TREASURY)
    deposits = [one("cs_a"), one("cs_a", stage.usdc), one("cs_b", stage.usdt, OTHER_TREASURY)]
    assert outcomes(stage.collect(*deposits)) == [True, True, True]
    assert stage.holds(TREASURY) == 100
    assert stage.holds(TREASURY, stage.usdc) == 200
    assert stage.holds(OTHER_TREASURY, stage.usdt) == 300


@pytest.mark.parametrize("kind", ["ether", "usdc", "usdt"])
def test_a_later_payment_is_collected_again(stage: Stage, kind: str) -> None:
    token = ETHER if kind == "ether" else getattr(stage, kind)
    for amount in (1_000, 2_000, 3_000):
        stage.pay("cs_a", amount, token=token)
        assert [seen.amount_units for seen in collections(stage.collect(one("cs_a", token)))] == [amount]
    assert stage.holds(TREASURY, token) == 6_000


def test_collecting_what_was_collected_does_nothing(stage: Stage) -> None:
    stage.pay("cs_a", 1_000)
    stage.collect(one("cs_a"))
    assert collections(stage.collect(one("cs_a"), one("cs_a"))) == []
    assert stage.holds(TREASURY) == 1_000


def test_an_empty_deposit_costs_no_deployment(stage: Stage) -> None:
    receipt = stage.collect(one("cs_never_paid"), one("cs_never_paid", stage.usdc))
    assert receipt["logs"] == []
    assert stage.node.code(deposit_address(session_id="cs_never_paid", treasury=TREASURY)) == "0x"


def test_the_event_says_who_got_how_much_of_what(stage: Stage) -> None:
    deposit = stage.pay("cs_a", 5_000_000, token=stage.usdc)
    expected = Collection(checked_address(TREASURY), deposit, stage.usdc, 5_000_000, collected=True)
    assert collections(stage.collect(one("cs_a", stage.usdc))) == [expected]


def test_a_deposit_answers_to_the_factory_only(stage: Stage) -> None:
    deposit = stage.pay("cs_a", 1_000)
    stage.collect(one("cs_a"))
    stage.pay("cs_a", 1_000)
    for target in (deposit, IMPLEMENTATION_ADDRESS):
        with pytest.raises((Reverted, RpcError), match=FAILS):
            stage.node.execute(target, "sweep(address,uint256)", ETHER, 1_000, sender=stage.stranger)
    assert stage.holds(deposit) == 1_000


def test_somebody_elses_treasury_names_another_deposit(stage: Stage) -> None:
    deposit = stage.pay("cs_a", 1_000)
    assert collections(stage.collect(one("cs_a", treasury=stage.stranger))) == []
    assert stage.holds(deposit) == 1_000


def test_the_factory_takes_no_money(stage: Stage) -> None:
    with pytest.raises((Reverted, RpcError), match=FAILS):
        stage.node.send(to=FACTORY_ADDRESS, value=1)
    with pytest.raises((Reverted, RpcError), match=FAILS):
        stage.node.execute(FACTORY_ADDRESS, COLLECT, [], 0, value=1)

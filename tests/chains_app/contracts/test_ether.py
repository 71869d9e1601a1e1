"""ETH from contracts and to contracts."""

import pytest

from chains_app.receiving.deposits import FACTORY_ADDRESS, collect_call, deposit_address, salt_for
from tests.anvil import ETHER as ONE_ETHER
from tests.chains_app.contracts.stage import TREASURY, Stage, one, outcomes


@pytest.fixture
def sender(stage: Stage) -> str:
    return stage.make("EtherSender")


def deposit_of(session_id: str) -> str:
    return deposit_address(session_id=session_id, treasury=TREASURY)


@pytest.mark.parametrize("way", ["sendByCall", "sendWith2300Gas"])
def test_contracts_can_pay_before_and_after_the_first_collection(stage: Stage, sender: str, way: str) -> None:
    for _ in range(2):
        stage.node.execute(sender, f"{way}(address)", deposit_of("cs_a"), value=500)
        assert outcomes(stage.collect(one("cs_a"))) == [True]
    assert stage.holds(TREASURY) == 1_000


def test_ether_with_data_is_taken_before_and_after_like_by_any_address(stage: Stage, sender: str) -> None:
    for data in (b"order 17", b"\x00" * 4, b"x" * 500):
        stage.node.execute(sender, "sendWithData(address,bytes)", deposit_of("cs_a"), data, value=500)
        assert outcomes(stage.collect(one("cs_a"))) == [True]
    assert stage.holds(TREASURY) == 1_500


def test_many_deposits_paid_inside_one_transaction_are_all_collected(stage: Stage, sender: str) -> None:
    sessions = [f"cs_{number}" for number in range(20)]
    to = [deposit_of(session) for session in sessions]
    stage.node.execute(sender, "sendToMany(address[])", to, value=20 * ONE_ETHER)
    assert outcomes(stage.collect(*[one(session) for session in sessions])) == [True] * 20
    assert stage.holds(TREASURY) == 20 * ONE_ETHER


def test_a_treasury_that_writes_when_it_receives_gets_its_money(stage: Stage) -> None:
    treasury = stage.make("SafeLikeTreasury")
    for session_id in ("cs_a", "cs_b"):
        stage.pay(session_id, 100, treasury=treasury)
    deposits = [one(session_id, treasury=treasury) for session_id in ("cs_a", "cs_b")]
    assert outcomes(stage.collect(*deposits)) == [True, True]
    assert stage.node.read(treasury, "received()(uint256)") == 200


@pytest.mark.parametrize("name", ["RejectingTreasury", "GasBurningTreasury"])
def test_a_treasury_that_takes_no_ether_holds_up_nobody(stage: Stage, name: str) -> None:
    treasury = stage.make(name)
    refused = stage.pay("cs_a", 100, treasury=treasury)
    stage.pay("cs_a", 300, token=stage.usdc, treasury=treasury)
    stage.pay("cs_b", 200)
    deposits = [one("cs_a", treasury=treasury), one("cs_a", stage.usdc, treasury), one("cs_b")]
    assert outcomes(stage.collect(*deposits)) == [False, True, True]
    assert (stage.holds(refused), stage.holds(treasury, stage.usdc), stage.holds(TREASURY)) == (100, 300, 200)


def test_a_treasury_that_collects_again_in_the_middle_gets_it_once(stage: Stage) -> None:
    treasury = stage.make("ReEnteringTreasury")
    stage.node.execute(treasury, "aim(address,bytes32)", FACTORY_ADDRESS, salt_for("cs_a"))
    stage.pay("cs_a", 100, treasury=treasury)
    assert outcomes(stage.collect(one("cs_a", treasury=treasury))) == [True]
    assert stage.holds(treasury) == 100
    assert stage.node.read(treasury, "times()(uint256)") == 1


def test_the_merchants_contract_wallet_can_collect_itself(stage: Stage) -> None:
    owner = stage.node.accounts[3]
    wallet = stage.make("Eip1271Wallet", owner)
    stage.pay("cs_a", 100, treasury=wallet)
    call = collect_call(deposits=[one("cs_a", treasury=wallet)])
    data = bytes.fromhex(call.data[2:])
    stage.node.execute(wallet, "execute(address,uint256,bytes)", call.to, call.value, data, sender=owner)
    assert stage.holds(wallet) == 100

"""What the contract tests stand on: a node with the factory and tokens, and short words to pay and to collect."""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from chains_app.receiving.deposits import (
    ARTIFACTS,
    ETHER,
    GAS_EACH,
    Collection,
    Deposit,
    collect_call,
    decode_collection,
    deposit_address,
    factory_deployment,
)
from tests.abi import call_data
from tests.anvil import Anvil, Receipt

CONTRACTS: dict[str, dict[str, Any]] = {
    name: contract
    for file in (ARTIFACTS, ARTIFACTS.with_name("test_artifacts.json"))
    for name, contract in json.loads(file.read_text())["contracts"].items()
}
# Nobody has its key; it never paid for gas, so its balance is exactly what it was sent.
TREASURY = "0x7e57000000000000000000000000000000001234"


class Stage:
    """A fresh chain: what one test does here no other test sees."""

    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.stranger = node.accounts[9]

    def deploy_factory(self) -> Receipt:
        call = factory_deployment()
        return self.node.send(to=call.to, data=call.data)

    def make(self, name: str, *args: object) -> str:
        """Address of a new contract of that name."""
        return self.node.deploy(CONTRACTS[name], *args)

    @cached_property
    def usdc(self) -> str:
        return self.make("TestUSDC")

    @cached_property
    def usdt(self) -> str:
        return self.make("TestUSDT")

    def pay(self, session_id: str, amount: int, *, token: str = ETHER, treasury: str = TREASURY) -> str:
        """Pays a session as a buyer would (tokens are minted to the buyer first); its deposit address."""
        deposit = deposit_address(session_id=session_id, treasury=treasury)
        if token == ETHER:
            self.node.send(to=deposit, value=amount)
        else:
            buyer = self.node.accounts[1]
            self.node.execute(token, "mint(address,uint256)", buyer, amount)
            self.node.execute(token, "transfer(address,uint256)", deposit, amount, sender=buyer)
        return deposit

    def give(self, session_id: str, amount: int, *, token: str, treasury: str = TREASURY) -> str:
        """Mints to the deposit, for tokens that cannot be transferred."""
        deposit = deposit_address(session_id=session_id, treasury=treasury)
        self.node.execute(token, "mint(address,uint256)", deposit, amount)
        return deposit

    def collect(self, *deposits: Deposit, gas_each: int = GAS_EACH, gas: int | None = None) -> Receipt:
        """A stranger signs, as anybody may."""
        call = collect_call(deposits=deposits, gas_each=gas_each)
        return self.node.send(to=call.to, data=call.data, sender=self.stranger, gas=gas)

    def holds(self, address: str, token: str = ETHER) -> int:
        return self.node.balance(address) if token == ETHER else self.node.token_balance(token, address)

    def holdings(self, places: Sequence[tuple[str, str]]) -> list[int]:
        """What each address holds of each token, asked in one request."""
        calls = []
        for address, token in places:
            data = call_data("balanceOf(address)", address)
            balance = ("eth_getBalance", [address, "latest"])
            calls.append(balance if token == ETHER else ("eth_call", [{"to": token, "data": data}, "latest"]))
        return [int(result, 16) for result in self.node.rpc_all(calls)]


def one(session_id: str, token: str = ETHER, treasury: str = TREASURY) -> Deposit:
    return Deposit(session_id=session_id, treasury=treasury, token=token)


def collections(receipt: Receipt) -> list[Collection]:
    """What the factory reported, in order."""
    return [seen for log in receipt["logs"] if (seen := decode_collection(log))]


def outcomes(receipt: Receipt) -> list[bool]:
    return [seen.collected for seen in collections(receipt)]


def gas_used(receipt: Receipt) -> int:
    return int(receipt["gasUsed"], 16)


def many(count: int, token: str = ETHER, treasury: str = TREASURY) -> Sequence[Deposit]:
    return [one(f"cs_{number}", token, treasury) for number in range(count)]

"""The one promise: whatever anybody does, what a deposit held is in the deposit or with its treasury, nowhere else.

Hypothesis plays payers, attackers and collectors on a real node, in any order, and adds up the money after each step.
"""

from collections import defaultdict

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chains_app.receiving.deposits import ETHER, FACTORY_ADDRESS, IMPLEMENTATION_ADDRESS, Deposit, deposit_address
from tests.abi import call_data
from tests.anvil import Anvil, Reverted, RpcError
from tests.chains_app.contracts.stage import Stage, collections, one

SESSIONS = ["cs_a", "cs_b", "cs_c"]
TREASURIES = ["0x7e57000000000000000000000000000000001234", "0x7e57000000000000000000000000000000005678"]
KINDS = ["ether", "usdc", "usdt", "fee", "false"]
SELECTORS = [
    "transfer(address,uint256)",
    "sweep(address,uint256)",
    "approve(address,uint256)",
    "execute(address,uint256)",
    "initialize(address,uint256)",
]

sessions, treasuries, kinds = st.sampled_from(SESSIONS), st.sampled_from(TREASURIES), st.sampled_from(KINDS)
items = st.tuples(sessions, treasuries, kinds)
amounts = st.integers(1, 10**12)


class Bazaar(RuleBasedStateMachine):
    """Three sessions with two merchants, five kinds of money, one attacker."""

    node: Anvil

    @initialize()
    def set_the_stage(self) -> None:
        self.snapshot = self.node.snapshot()
        self.stage = Stage(self.node)
        self.stage.deploy_factory()
        fee, refusing = self.stage.make("TakesFee"), self.stage.make("ReturnsFalse")
        self.tokens = {"ether": ETHER, "usdc": self.stage.usdc, "usdt": self.stage.usdt, "fee": fee, "false": refusing}
        self.paid: dict[tuple[str, str, str], int] = defaultdict(int)
        self.left: dict[tuple[str, str, str], int] = defaultdict(int)
        self.attacker = self.node.accounts[8]

    def teardown(self) -> None:
        if hasattr(self, "snapshot"):
            self.node.revert(self.snapshot)

    @rule(item=items, amount=amounts)
    def a_buyer_pays(self, item: tuple[str, str, str], amount: int) -> None:
        session_id, treasury, kind = item
        if kind == "ether":
            self.stage.pay(session_id, amount, treasury=treasury)
        else:
            self.stage.give(session_id, amount, token=self.tokens[kind], treasury=treasury)
        self.paid[item] += amount

    @rule(chosen=st.lists(items, min_size=1, max_size=6), gas_each=st.sampled_from([0, 30_000, 300_000]))
    def somebody_collects(self, chosen: list[tuple[str, str, str]], gas_each: int) -> None:
        deposits = [one(session_id, self.tokens[kind], treasury) for session_id, treasury, kind in chosen]
        self.note(deposits, gas_each)

    @rule(session_id=sessions, kind=kinds)
    def an_attacker_collects_to_himself(self, session_id: str, kind: str) -> None:
        self.note([one(session_id, self.tokens[kind], self.attacker)], 300_000)

    @rule(item=items, signature=st.sampled_from(SELECTORS), to=st.sampled_from(["deposit", "code"]), amount=amounts)
    def an_attacker_calls_directly(self, item: tuple[str, str, str], signature: str, to: str, amount: int) -> None:
        session_id, treasury, kind = item
        target = (
            deposit_address(session_id=session_id, treasury=treasury) if to == "deposit" else IMPLEMENTATION_ADDRESS
        )
        first = self.attacker if signature != "sweep(address,uint256)" else self.tokens[kind]
        self.attack(target, call_data(signature, first, amount))

    @rule(item=items, data=st.binary(min_size=1, max_size=80))
    def an_attacker_calls_with_anything(self, item: tuple[str, str, str], data: bytes) -> None:
        self.attack(deposit_address(session_id=item[0], treasury=item[1]), "0x" + data.hex())
        self.attack(FACTORY_ADDRESS, "0x" + data.hex())

    @rule(session_id=sessions, treasury=treasuries, kind=st.sampled_from(["usdc", "usdt", "fee"]))
    def an_attacker_names_contracts_as_treasury(self, session_id: str, treasury: str, kind: str) -> None:
        for odd in (self.tokens[kind], FACTORY_ADDRESS, deposit_address(session_id=session_id, treasury=treasury)):
            self.note([one(session_id, self.tokens[kind], odd), one(session_id, ETHER, odd)], 300_000)

    def attack(self, target: str, data: str) -> None:
        try:
            self.node.send(to=target, data=data, sender=self.attacker, gas=500_000)
        except (Reverted, RpcError):
            return

    def note(self, deposits: list[Deposit], gas_each: int) -> None:
        """Collects, and keeps what the factory's events claim."""
        kind_of = {token: kind for kind, token in self.tokens.items()}
        for seen in collections(self.stage.collect(*deposits, gas_each=gas_each)):
            if seen.collected:
                session_id = next(s for s in SESSIONS if self.address(s, seen.treasury) == seen.deposit)
                self.left[session_id, seen.treasury.lower(), kind_of[seen.token]] += seen.amount_units

    @staticmethod
    def address(session_id: str, treasury: str) -> str:
        return deposit_address(session_id=session_id, treasury=treasury)

    @invariant()
    def all_money_is_in_the_deposits_or_the_treasuries(self) -> None:
        if not hasattr(self, "stage"):
            return
        items = [(session_id, treasury, kind) for treasury in TREASURIES for kind in KINDS for session_id in SESSIONS]
        held = self.stage.holdings([(self.address(item[0], item[1]), self.tokens[item[2]]) for item in items])
        assert held == [self.paid[item] - self.left[item] for item in items]

        for treasury in TREASURIES:
            arrived = self.stage.holdings([(treasury, token) for token in self.tokens.values()])
            for kind, amount in zip(self.tokens, arrived, strict=True):
                left = sum(units for item, units in self.left.items() if item[1:] == (treasury, kind))
                assert amount == left if kind != "fee" else left * 99 // 100 <= amount <= left

    @invariant()
    def the_attacker_got_nothing(self) -> None:
        if hasattr(self, "stage"):
            assert self.stage.holdings([(self.attacker, self.tokens[kind]) for kind in KINDS[1:]]) == [0] * 4

    @invariant()
    def an_address_is_empty_or_its_own_clone(self) -> None:
        if hasattr(self, "stage"):
            asked = [("eth_getCode", [self.address(session_id, TREASURIES[0]), "latest"]) for session_id in SESSIONS]
            assert all(code == "0x" or code.endswith(TREASURIES[0][2:]) for code in self.node.rpc_all(asked))


def test_funds_can_only_reach_the_treasury(contract_node: Anvil) -> None:
    machine = type("BazaarOnThisNode", (Bazaar,), {"node": contract_node})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    plan = settings(max_examples=20, stateful_step_count=12, deadline=None, database=None, suppress_health_check=checks)
    run_state_machine_as_test(machine, settings=plan)

"""What may happen to a session, in any order: buyer, chain, clock, merchant and watchers as rules of a machine."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chains_app.models import SandboxTransfer
from chains_app.networks.networks import network
from chains_app.reading.reader import FROM_INSIDE
from chains_app.sandbox.chain import send, take_back
from chains_app.sandbox.reader import SandboxReader
from merchants_app.models import Merchant
from sessions_app.errors import NothingToDecide, NothingToRefund, SessionNotOpen, WrongRefund
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import Case, case_of, decide
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.scenarios import UNLISTED_CONTRACT
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refundable import Arrived, arrived
from sessions_app.refunding.refunds import play_refund, prepare_refund, withdraw_refund
from sessions_app.refunding.told import RefundNotOpen
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.selling.creation import create_session
from sessions_app.state.evaluation import evaluate
from sessions_app.state.expiry import expire_due
from sessions_app.state.facts import facts_of
from sessions_app.state.lifecycle import cancel, expire
from sessions_app.status import DecisionKind, RefundKind
from sessions_app.watching.watcher import watch
from tests.cast import PATS_WALLET, agreed, refreshed
from tests.sessions_app.state.invariants import check_depth, check_refunds, check_session
from tests.sessions_app.watching.unlucky_watchers import Killed, Meddling, killed_at

SANDBOX = network("sandbox")
PRICE = Decimal("49.00")
ALLOWED = ("USDC", "ETH")  # USDT is listed, but not allowed
PER_DOLLAR = {"USDC": 10**6, "USDT": 10**6, "ETH": 10**18 // 2500}
NewSession = Callable[..., CheckoutSession]
ANSWERS = {
    "underpaid": ["ask_rest", "accept", "refunded", "write_off"],
    "late": ["ask_rest", "accept", "refunded", "write_off"],
    "overpaid": ["refunded", "accept", "write_off"],
    "paid_twice": ["refunded", "accept", "write_off"],
    "wrong_asset": ["accept", "refunded", "write_off"],
    "reversed": ["write_off", "accept"],
}
HOW = ["mined", "waits", "from inside"]
SHARES = [Decimal(share) for share in ("0.3", "0.5", "0.9", "1", "1.5")]


def transaction_of(kind: DecisionKind) -> str:
    """Of a refund that was made without Tallystick."""
    return "0x" + "ab" * 32 if kind == DecisionKind.REFUNDED else ""


class Interleavings(RuleBasedStateMachine):
    """One session of a merchant, whom `merchant` names before the run."""

    merchant: Merchant

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.clock = self.stack.enter_context(time_machine.travel(timezone.now().replace(microsecond=0), tick=False))
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(transaction.set_rollback, True)
        self.gone: dict[str, list[SandboxTransfer]] = {}
        self.view: Case | None = None

    def teardown(self) -> None:
        """Nothing of it stays."""
        self.stack.close()

    @initialize(asset=st.sampled_from(ALLOWED))
    def open(self, asset: str) -> None:
        self.session = create_session(
            merchant=self.merchant, mode="test", terms=agreed(amount=PRICE, allowedAssets=list(ALLOWED))
        )
        choose_option(session=self.session, asset=asset, network="sandbox", now=timezone.now())
        self.look()

    # --- the buyer

    @rule(asset=st.sampled_from(sorted(PER_DOLLAR)), share=st.sampled_from(SHARES), how=st.sampled_from(HOW))
    def pay(self, asset: str, share: Decimal, how: str) -> None:
        name = {"log_index": FROM_INSIDE} if (asset, how) == ("ETH", "from inside") else {}
        self._send(SANDBOX.assets[asset].contract, int(PRICE * share * PER_DOLLAR[asset]), how != "waits", **name)

    @rule(share=st.sampled_from(SHARES))
    def pay_in_two_transfers_of_one_transaction(self, share: Decimal) -> None:
        first = self._send(SANDBOX.assets["USDC"].contract, int(PRICE * share * 10**6), mined=True)
        self._send(first.contract, 25 * 10**6, mined=True, tx_hash=first.tx_hash, log_index=7)

    @rule()
    def pay_in_an_unlisted_token(self) -> None:
        self._send(UNLISTED_CONTRACT, 10**9, mined=True)

    @rule(asset=st.sampled_from(ALLOWED))
    def choose_another_option(self, asset: str) -> None:
        try:
            choose_option(session=self.now, asset=asset, network="sandbox", now=timezone.now())
        except SessionNotOpen:
            assert self.now.status != "open" or self.now.expires_at <= timezone.now()

    # --- the chain

    @precondition(lambda self: self.on_chain)
    @rule(data=st.data(), mined_again=st.booleans())
    def lose_a_transaction(self, data: st.DataObject, mined_again: bool) -> None:
        """Every block from its own on is another one then; it may be in one of those."""
        lost = data.draw(st.sampled_from(self.on_chain)).tx_hash
        self.gone[lost] = [each for each in self.on_chain if each.tx_hash == lost]
        take_back(tx_hash=lost, now=timezone.now())
        SandboxReader(SANDBOX).head()
        if mined_again:
            self._bring_back(lost)

    @precondition(lambda self: self.gone)
    @rule(data=st.data(), part=st.sampled_from([1, 1, 2]))
    def mine_it_again(self, data: st.DataObject, part: int) -> None:
        """As it was, or, run on another state of the chain, with a smaller amount."""
        # In the order in which they went: in that of their hashes, which are random, no run could be repeated.
        self._bring_back(data.draw(st.sampled_from(list(self.gone))), part=part)

    # --- the merchant

    @rule(end=st.sampled_from([cancel, expire]))
    def end_it(self, end: Callable[..., CheckoutSession]) -> None:
        before = self.now
        try:
            end(before)
        except SessionNotOpen:
            assert before.status != "open" or before.expires_at <= timezone.now()

    @precondition(lambda self: self.now.needs_decision)
    @rule(data=st.data())
    def decide(self, data: st.DataObject) -> None:
        session = self.now
        kind = DecisionKind(data.draw(st.sampled_from(ANSWERS[session.issue])))
        decide(session=session, kind=kind, actor="mia@example.com", tx_hash=transaction_of(kind))

    @precondition(lambda self: self.now.needs_decision)
    @rule()
    def open_the_queue(self) -> None:
        self.view = case_of(self.now)

    @precondition(lambda self: self.view)
    @rule(data=st.data())
    def decide_on_what_was_seen_then(self, data: st.DataObject) -> None:
        """It is decided when it is still the same, and refused otherwise."""
        view, session = self.view, self.now
        assert view
        now = case_of(session)
        is_same = now is not None and (now.issue, now.payments) == (view.issue, view.payments)
        kind = data.draw(st.sampled_from(view.answers))
        seen = {"issue": view.issue, "payments": view.payments, "tx_hash": transaction_of(kind)}
        try:
            decide(session=session, kind=kind, actor="mia@example.com", **seen)
            assert is_same
        except NothingToDecide:
            assert not is_same

    @precondition(lambda self: self.balances)
    @rule(data=st.data(), kind=st.sampled_from(RefundKind.values))
    def prepare_a_refund(self, data: st.DataObject, kind: str) -> None:
        balance = data.draw(st.sampled_from(self.balances))
        session = leave_address(self.now, PATS_WALLET)
        wish = Wish(network=balance.network, asset=balance.asset, what=Worth(RefundKind(kind), Decimal(5)))
        self._pass(milliseconds=1)  # not in the moment in which it was paid
        try:
            prepare_refund(session=session, wish=wish, actor="mia", now=timezone.now())
        except (NothingToRefund, WrongRefund):
            return
        check_refunds(self.now)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def lose_a_refund(self, data: st.DataObject) -> None:
        take_back(tx_hash=data.draw(st.sampled_from(self.sent)).tx_hash, now=timezone.now())

    @precondition(lambda self: self.unsent)
    @rule(data=st.data(), sends=st.booleans(), withdraws=st.booleans())
    def send_or_withdraw_a_refund(self, data: st.DataObject, sends: bool, withdraws: bool) -> None:
        """Or both: the wallet had it already."""
        refund = data.draw(st.sampled_from(self.unsent))
        if sends:
            with suppress(RefundNotOpen):  # it is on its way
                play_refund(refund, now=timezone.now())
        if withdraws:
            withdraw_refund(refund, actor="mia", now=timezone.now())

    # --- clock and watchers

    @rule(time=st.sampled_from([{"seconds": 1}, {"seconds": 4}, {"minutes": 16}, {"minutes": 61}]))
    def wait(self, time: dict[str, int]) -> None:
        self._pass(**time)
        self.look()

    @rule()
    def look(self) -> None:
        watch(SANDBOX, SandboxReader(SANDBOX))
        expire_due()
        self.check_what_was_seen()

    @rule()
    def look_with_two_watchers(self) -> None:
        self._pass(seconds=1)
        watch(SANDBOX, Meddling())

    @rule(statement=st.integers(0, 45))
    def kill_a_watcher(self, statement: int) -> None:
        self._pass(seconds=1)
        try:
            with transaction.atomic(), connection.execute_wrapper(killed_at(statement)):
                watch(SANDBOX, SandboxReader(SANDBOX))
        except Killed:
            pass

    # --- what always holds

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "session"):
            check_session(self.now)

    def check_what_was_seen(self) -> None:
        """After a look, the payments are the transfers of the chain, and another look would change nothing."""
        session = self.now
        paid = {(p.tx_hash, p.log_index, int(p.amount_units)) for p in session.payments.filter(vanished_at=None)}
        listed = [each for each in self.on_chain if each.contract != UNLISTED_CONTRACT]
        assert paid == {(each.tx_hash, each.log_index, int(each.amount_units)) for each in listed}
        check_depth(session, SandboxReader(SANDBOX).head().number)
        facts = facts_of(session)
        is_calm = all(not p.times_vanished and p.relied_on == p.confirmed for p in facts.payments)
        if is_calm and not facts.decisions:
            # Whoever learns all of it only now comes to the same.
            assert evaluate(replace(facts, completed_at=None), timezone.now()) == evaluate(facts, timezone.now())
        turned = replace(facts, payments=facts.payments[::-1], decisions=facts.decisions[::-1])
        for known in (facts, turned):
            verdict = evaluate(known, timezone.now())
            assert (verdict.status, verdict.payment_status) == (session.status, session.payment_status)
            assert (verdict.issue, verdict.needs_decision) == (session.issue, session.needs_decision)

    # --- help

    @property
    def now(self) -> CheckoutSession:
        return refreshed(self.session)

    @property
    def balances(self) -> list[Arrived]:
        """What could be sent back."""
        return sorted(arrived(self.now), key=lambda balance: balance.asset) if hasattr(self, "session") else []

    @property
    def unsent(self) -> list[Refund]:
        """Refunds that wait for the merchant's signature."""
        return list(self.session.refunds.filter(seen_at=None, withdrawn_at=None).order_by("id"))

    @property
    def sent(self) -> list[Refund]:
        return list(self.session.refunds.exclude(tx_hash="").order_by("id"))

    @property
    def on_chain(self) -> list[SandboxTransfer]:
        """Those that are there by now, or wait to be mined."""
        rows = SandboxTransfer.objects.filter(recipient=self.session.deposit.address)
        return list(rows.order_by("id"))

    def _bring_back(self, tx_hash: str, part: int = 1) -> None:
        for each in self.gone.pop(tx_hash):
            # What comes from inside a contract is named by its block.
            name = None if each.log_index == FROM_INSIDE else tx_hash
            self._send(each.contract, int(each.amount_units) // part, True, tx_hash=name, log_index=each.log_index)

    def _pass(self, **time: int) -> None:
        self.clock.shift(timedelta(**time))

    def _send(self, contract: str | None, units: int, mined: bool, **identity: Any) -> SandboxTransfer:
        return send(
            recipient=self.session.deposit.address,
            contract=contract or None,
            amount_units=units,
            now=timezone.now(),
            mined_after=timedelta(0) if mined else None,
            **identity,
        )

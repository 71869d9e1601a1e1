"""A watcher that dies at any statement: whoever comes next reaches the same end, and nothing is half written."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from chains_app.sandbox.chain import send
from chains_app.sandbox.reader import SandboxReader
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.watching.watcher import watch
from tests.cast import refreshed
from tests.sandbox import Sandbox, events_of
from tests.sessions_app.state.interleavings import Killed, NewSession, killed_at
from tests.sessions_app.state.invariants import check_session

pytestmark = pytest.mark.django_db(transaction=True)

PRICE = Decimal(20_000)
COMPLETED = ["created", "processing", "completed"]


def test_a_watcher_killed_at_any_statement_loses_and_doubles_nothing(sandbox: Sandbox, new_session: NewSession) -> None:
    """A pass that has it all to do dies at its first statement, the next at its second, and so on to the last."""
    sessions = arrived, confirmed, reorged = stage(sandbox, new_session)
    before = [state(session) for session in sessions]
    deaths = 0
    while dies_at(deaths, sandbox):
        assert [state(session) for session in sessions] == before, f"half written at statement {deaths}"
        deaths += 1
    assert deaths > 20
    sandbox.look()  # what moved to another block is confirmed one look later
    assert events_of(arrived) == ["created", "processing"]
    assert events_of(confirmed) == COMPLETED
    assert events_of(reorged) == [*COMPLETED, "payment.reversed", "issue_opened"]
    for session in sessions:
        check_session(refreshed(session))
        assert session.payments.count() == 1


def stage(sandbox: Sandbox, new_session: NewSession) -> list[CheckoutSession]:
    """Three sessions for which the next pass has something to write."""
    # So much that the sandbox asks for two blocks: that it is seen and that it is confirmed are two looks then.
    sessions = [new_session(amount=PRICE) for _ in range(3)]
    for session in sessions:
        choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    arrived, confirmed, reorged = map(refreshed, sessions)
    pay(sandbox, reorged)
    sandbox.wait(2, reorged)
    pay(sandbox, confirmed)
    sandbox.look()
    pay(sandbox, arrived)
    sandbox.chain_takes_back(reorged)
    # Its block is replaced, and with it those above: the second payment is in another one now.
    return [arrived, confirmed, reorged]


def pay(sandbox: Sandbox, session: CheckoutSession) -> None:
    """The price in USDC, in the next block."""
    contract = sandbox.network.assets["USDC"].contract
    address, units = session.deposit.address, int(PRICE) * 10**6
    send(recipient=address, contract=contract, amount_units=units, now=timezone.now(), mined_after=timedelta(0))
    sandbox.skip(seconds=1)


def dies_at(statement: int, sandbox: Sandbox) -> bool:
    """Whether a pass got as far as that statement: there its process ends, and with it what was not committed."""
    try:
        with connection.execute_wrapper(killed_at(statement)):
            watch(sandbox.network, SandboxReader(sandbox.network))
    except Killed:
        connection.close()
        return True
    return False


def state(session: CheckoutSession) -> tuple[Any, ...]:
    """All that a pass may write about the session."""
    now = refreshed(session)
    payments = list(now.payments.values_list("tx_hash", "block_hash", "confirmed_at", "vanished_at"))
    return now.status, now.payment_status, now.event_count, events_of(now), now.timeline.count(), payments

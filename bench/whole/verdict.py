"""What must hold when the storm is over: of money, orders and events. Needs Django, set up on the storm's database."""

import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from bench.whole.receiver import Receiver
from bench.whole.shop import Order
from chains_app.models import SandboxTransfer
from chains_app.networks.networks import network
from sessions_app.books.definitions import EFFECTS
from sessions_app.models import BookLine, CheckoutSession, DepositAddress, LineKind, Payment, Refund
from sessions_app.state.evaluation import evaluate
from sessions_app.state.facts import facts_of, with_facts
from tests.anvil import Anvil
from tests.sessions_app.state.invariants import check_refunds, check_session
from webhooks_app.models import Delivery, DeliveryState, Event

DEVCHAIN = network("devchain")


def unsettled(receiver: Receiver) -> Counter[str]:
    """What is still on its way, by what it is. Empty when all has come to rest."""
    now, live = timezone.now(), Payment.objects.filter(vanished_at=None)
    sessions = CheckoutSession.objects
    found = Counter(
        {
            "sessions processing": sessions.filter(status="processing").count(),
            "sessions overdue": sessions.filter(status="open", expires_at__lt=now).count(),
            "payments unconfirmed": live.filter(confirmed_at=None).count(),
            "deliveries waiting": Delivery.objects.filter(state=DeliveryState.PENDING).count(),
            "refunds seen": Refund.objects.filter(status="seen").count(),
            "events not received": sum(
                numbers != set(receiver.taken[subject]) for subject, numbers in _sequences().items()
            ),
            "payments without a line in the books": live.exclude(confirmed_at=None)
            .exclude(pk__in=BookLine.objects.filter(kind="received").values("payment_id"))
            .count(),
            "transfers not seen": sum(1 for _ in _unseen_on_the_sandbox()),
        }
    )
    return +found


def faults(orders: list[Order], receiver: Receiver, node: Anvil, usdc: str, *, one_clock: bool) -> Iterator[str]:
    """A sentence for each thing that does not hold."""
    yield from _of_orders(orders)
    yield from _of_sessions(one_clock)
    yield from _of_the_chain(orders, node, usdc)
    yield from (f"sandbox: transfer {tx} was never stored" for tx in _unseen_on_the_sandbox())
    yield from _of_the_books()
    yield from _of_events(receiver)


def _of_orders(orders: list[Order]) -> Iterator[str]:
    made: dict[str, set[str]] = defaultdict(set)
    for number, public_id in CheckoutSession.objects.values_list("metadata__order", "public_id"):
        made[number].add(public_id)
    for order in orders:
        ids = made[str(order.number)]
        if len(ids) > 1:
            yield f"{order.key}: {len(ids)} sessions by one key"
        if order.ids - ids:
            yield f"{order.key}: answered with {order.ids - ids}, which is not in the database"
        if order.problem:
            yield f"{order.key} ({order.fate}): {order.problem}"


def _of_sessions(one_clock: bool) -> Iterator[str]:
    now = timezone.now()
    for session in with_facts(CheckoutSession.objects.all()):
        try:
            check_session(session, one_clock=one_clock)
            check_refunds(session)
        except AssertionError as fault:
            where = traceback.extract_tb(fault.__traceback__)[-1]
            yield f"{session.public_id}: {where.name}, line {where.lineno}: {where.line} {str(fault)[:200]}"
        anew = evaluate(facts_of(session), now)
        stored = (session.status, session.payment_status, session.issue or "", session.needs_decision)
        if stored != (anew.status, anew.payment_status, anew.issue or "", anew.needs_decision):
            yield f"{session.public_id}: stored as {stored}, by its facts {anew}"
        if session.payment_status in {"paid", "overpaid"} and session.status != "completed":
            yield f"{session.public_id}: {session.payment_status}, and {session.status}"


def _of_the_chain(orders: list[Order], node: Anvil, usdc: str) -> Iterator[str]:
    """Each address holds what is stored as paid to it, and nothing was sent that is not stored."""
    stored: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    live = Payment.objects.filter(network=DEVCHAIN.id, vanished_at=None)
    for address, asset, units in live.values_list("session__deposit__address", "asset", "amount_units"):
        stored[address, asset] += units
    for address in DepositAddress.objects.values_list("address", flat=True):
        for asset, held in (("USDC", node.token_balance(usdc, address)), ("ETH", node.balance(address))):
            if held != stored[address, asset]:
                yield f"{address}: holds {held} {asset}, stored are {stored[address, asset]}"
    known = set(live.values_list("tx_hash", flat=True))
    for order in orders:
        for tx, asset, _, units in order.sent:
            if tx not in known:
                yield f"{order.key} ({order.session['id']}): {units} {asset} in {tx} were never stored"
    twice = live.values("tx_hash", "log_index").annotate(number=Count("pk")).filter(number__gt=1)
    yield from (f"{each['tx_hash']}: counted {each['number']} times" for each in twice)


def _unseen_on_the_sandbox() -> Iterator[str]:
    known = set(Payment.objects.filter(network="sandbox").values_list("tx_hash", flat=True))
    ours = set(DepositAddress.objects.values_list("address", flat=True))
    for transfer in SandboxTransfer.objects.filter(block__isnull=False):
        if transfer.recipient in ours and transfer.tx_hash not in known:
            yield transfer.tx_hash


def _of_the_books() -> Iterator[str]:
    """By network and asset: what lies at deposits by the lines is what is stored as there; refunds likewise."""
    lines: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line in BookLine.objects.exclude(kind__in=["network_fee", "fee_taken_back"]):
        effect, pots = EFFECTS[LineKind(line.kind)], lines[line.network, line.asset]
        pots[0] += effect.deposits * line.amount_units
        pots[1] += effect.wallet * line.amount_units
    there = _sums(Payment.objects.filter(vanished_at=None))
    back = _sums(Refund.objects.filter(status="confirmed"))
    for place in {*lines, *there, *back}:
        booked = lines[place]
        if booked[0] != there.get(place, 0):
            yield f"{place}: {booked[0]} in the books, {there.get(place, 0)} in payments"
        if booked[1] != -back.get(place, Decimal(0)):
            yield f"{place}: {booked[1]} went through the wallet by the books, {back.get(place, 0)} in refunds"


def _sums(rows: QuerySet[Any]) -> dict[tuple[str, str], Decimal]:
    grouped = rows.order_by().values_list("network", "asset").annotate(sum=Sum("amount_units"))
    return {(name, asset): total for name, asset, total in grouped}


def _of_events(receiver: Receiver) -> Iterator[str]:
    if receiver.forged:
        yield f"{receiver.forged} messages with a wrong signature"
    yield from (f"{each}: came with {len(how)} contents" for each, how in receiver.told.items() if len(how) > 1)
    for subject, numbers in _sequences().items():
        taken = receiver.taken[subject]
        if set(taken) != numbers:
            yield f"{subject}: events {sorted(numbers)}, delivered {sorted(taken)}"
        if numbers != set(range(1, len(numbers) + 1)):
            yield f"{subject}: numbered {sorted(numbers)}"


def _sequences() -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for subject, number in Event.objects.values_list("subject", "subject_sequence"):
        found[subject].add(number)
    return found

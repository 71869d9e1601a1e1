"""Payments that are not where they were seen: they go where the chain has them, or are gone, or are asked for again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from chains_app.models import SetAside
from chains_app.networks.networks import Network
from chains_app.reading.reader import Block, Doubt, Reader, ReaderUnavailable, Transfer
from chains_app.reading.set_aside import PAYMENT, open_places, postpone, settle
from sessions_app.models import Payment
from sessions_app.watching.payments import sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """What has become of them."""

    there: list[Payment] = field(default_factory=list)  # after all
    moved: list[Transfer] = field(default_factory=list)  # in another block now
    gone: list[Payment] = field(default_factory=list)
    unsure: list[Payment] = field(default_factory=list)  # nodes contradict each other, or themselves


def look_for(network: Network, reader: Reader, payments: Iterable[Payment], *, head: int) -> Astray:
    """Asks where they are. Of those that it could not be told of before, `ask_again` asks in its own time.

    One that is confirmed all the same, by nodes that had agreed again for a moment, is asked for at once.
    """
    result = Astray()
    astray = {_place(payment): payment for payment in payments}
    for place in open_places(network, PAYMENT, astray):
        if not astray[place].confirmed_at:
            del astray[place]
    if not astray:
        return result
    found = reader.whereabouts([sighting(payment) for payment in astray.values()], head=head)
    for payment in astray.values():
        seen = sighting(payment)
        if seen not in found:
            result.unsure.append(payment)
        elif (block := found[seen]) is None:
            result.gone.append(payment)
        elif block.hash == payment.block_hash:
            result.there.append(payment)
        else:
            result.moved.append(_moved(network, payment, block))
    return result


def row_about(network: Network, payment: Payment) -> SetAside | None:
    """What is set aside about it, and open. `payment` with its session's deposit."""
    rows = SetAside.objects.filter(network=network.id, what=PAYMENT, place=_place(payment), settled_at=None)
    return rows.first()


def is_about_a_payment(row: SetAside) -> bool:
    """Whether this was set aside here."""
    return row.what == PAYMENT


def ask_again(network: Network, row: SetAside, reader: Reader, now: datetime) -> None:
    """Settled as soon as nodes can tell. The watcher asks then, as of every payment that is not confirmed, and stores
    what has become of it."""
    tx_hash = row.place.split(" ")[0]
    live = Payment.objects.filter(network=network.id, tx_hash=tx_hash, vanished_at=None)
    payments = [each for each in live.select_related("session__deposit") if _place(each) == row.place]
    try:
        told = reader.whereabouts([sighting(each) for each in payments], head=reader.head().number)
    except ReaderUnavailable as problem:
        postpone(row, str(problem), now)
        return
    if len(told) == len(payments):
        settle(row, now)
    else:
        postpone(row, row.why, now)


def _place(payment: Payment) -> str:
    """Names the movement; of what may be at its place on another branch it is another."""
    return f"{payment.tx_hash} {payment.log_index} {payment.asset} {payment.pk}"


def doubt_about(network: Network, payment: Payment) -> Doubt:
    """What is set aside of one that nodes contradict each other about."""
    number = payment.block_number or 0
    return Doubt(
        what=PAYMENT,
        place=_place(payment),
        first=number,
        last=number,
        address=payment.session.deposit.address,
        why=f"The nodes of {network.name} do not agree in which block it is, or whether it is in one.",
    )


def _moved(network: Network, payment: Payment, block: Block) -> Transfer:
    return Transfer(
        network=network.id,
        asset=payment.asset,
        tx_hash=payment.tx_hash,
        log_index=payment.log_index,
        sender=payment.sender,
        recipient=payment.session.deposit.address,
        amount_units=int(payment.amount_units),
        block_number=block.number,
        block_hash=block.hash,
        block_time=block.time,
    )

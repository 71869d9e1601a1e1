"""Payments that are not where they were seen: they go where the chain has them, or are gone, or are asked for again.

Until that is known, what may be one of them in another block is set apart.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from chains_app.models import SetAside
from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, Block, Doubt, Reader, ReaderUnavailable, Sighting, Transfer
from chains_app.reading.set_aside import PAYMENT, open_places, postpone, settle
from sessions_app.models import Payment
from sessions_app.watching.payments import sighting
from sessions_app.watching.sightings import identity, may_be_mined_again

_ALIKE = "alike"


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


def set_apart(
    network: Network, reader: Reader, transfers: Iterable[Transfer], *, gone: Collection[Payment] = ()
) -> tuple[list[Transfer], list[Doubt]]:
    """Those that can be stored, and why the others cannot yet. Raises what the reader raises.

    Coin from inside a contract has another name in another block. As much as a payment of which nobody can say that it
    still is where it was seen, or that it is `gone`, may be that payment: stored beside it, it could go back twice.
    """
    every = list(transfers)
    inside = [each for each in every if each.log_index == FROM_INSIDE]
    if not inside:
        return every, []
    at_these = Payment.objects.filter(
        network=network.id, log_index=FROM_INSIDE, session__deposit__address__in={each.recipient for each in inside}
    )
    live = list(at_these.filter(vanished_at=None).select_related("session__deposit"))
    named, known = {identity(each) for each in every}, {identity(each) for each in live}
    unseen = [each for each in live if identity(each) not in named and each not in gone]
    alike = {
        transfer: {sighting(each) for each in unseen if may_be_mined_again(each, transfer)}
        for transfer in inside
        if identity(transfer) not in known
    }
    asked = frozenset[Sighting]().union(*alike.values())
    there = reader.still_there(asked) if asked else frozenset()
    unclear = [transfer for transfer, payments in alike.items() if not payments <= there]
    return [each for each in every if each not in unclear], [_may_be_known(network, each) for each in unclear]


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


def _may_be_known(network: Network, transfer: Transfer) -> Doubt:
    number = transfer.block_number or 0
    return Doubt(
        what=_ALIKE,
        place=f"{transfer.tx_hash} {transfer.log_index}",
        first=number,
        last=number,
        address=transfer.recipient,
        why=f"The nodes of {network.name} do not say yet whether it is a payment of another block that is known.",
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

"""Turns what a chain shows into payments: seen, moved to another block, confirmed, vanished. Decides nothing itself.

Each function stores facts and returns the news by session, for `lifecycle.reassess_many`. One call of them all, with
the scan's cursor, is one transaction: `watcher.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, Sighting, Transfer
from common.database import fetch
from common.measures.counted import Stage, reached_on_commit
from common.money import amount_text, to_minor_unit
from sessions_app.books.booking import book_payments
from sessions_app.models import CheckoutSession, DepositAddress, Payment
from sessions_app.state.lifecycle import News
from sessions_app.watching.holders import holder_at
from sessions_app.watching.sightings import Sightings, identity

NewsBySession = dict[int, News]
_REASON_LENGTH = 200


def sighting(payment: Payment) -> Sighting:
    """Where a payment that was loaded with its session's deposit was last seen, for asking the chain again."""
    known = identity(payment)
    return Sighting(
        known.tx_hash, known.log_index, payment.block_number, payment.block_hash,
        known.asset, known.recipient, known.amount_units,
    )  # fmt: skip


def record(network: Network, seen: Sightings) -> NewsBySession:
    """Stores what was seen, each movement once, however often. Call it after `mark_vanished`, which frees the places of
    what vanished."""
    arrived = _stored_first(network, seen.fresh)
    for each in arrived:
        reached_on_commit(Stage.SEEN, mode=network.mode, network=network.id, after=each.seen_at - each.arrived_at)
    returned, unsettled = _placed(network, seen)
    valued = _stored_values(seen.valued, timezone.now())
    Payment.objects.bulk_update(_unchanged(seen.eased, confirmed_at=None), ["confirmations_needed"])
    return merged(
        _news(network, returned, "is back", arrived=True),
        _news(network, unsettled, "moved to another block and has to be confirmed again"),
        _news(network, arrived, "arrived", arrived=True),
        _news(network, valued, "has a rate now", arrived=True),
    )


def confirm(network: Network, payments: Iterable[Payment], now: datetime) -> NewsBySession:
    """Marks payments as confirmed; the caller has checked that they are deep enough and still there."""
    same = _unchanged(payments, confirmed_at=None)
    _write(same, now, confirmed_at=now, first_confirmed_at=Coalesce("first_confirmed_at", now))
    for each in same:
        reached_on_commit(Stage.CONFIRMED, mode=network.mode, network=network.id, after=now - each.seen_at)
    return _news(network, same, "is confirmed")


def mark_vanished(network: Network, payments: Iterable[Payment], now: datetime) -> NewsBySession:
    """Marks payments that the chain no longer has."""
    same = _unchanged(payments)
    _write(same, now, vanished_at=now, times_vanished=F("times_vanished") + 1)
    return _news(network, same, "vanished from the chain", vanished=True)


def contradicted(network: Network, payments: Iterable[Payment]) -> NewsBySession:
    """Payments that can be neither confirmed nor called gone. Those that were confirmed have to be so again."""
    return unsettle(network, payments, "has to wait, since nodes contradict each other about it")


def unsettle(network: Network, payments: Iterable[Payment], what: str = "has to be confirmed again") -> NewsBySession:
    """Takes back that they are confirmed, so that the chain is asked about them again."""
    same = _unchanged(payments)
    Payment.objects.filter(pk__in=[payment.pk for payment in same]).update(confirmed_at=None)
    return _news(network, same, what, noted=True)


def deep_enough(network: Network, head: int) -> list[Payment]:
    """Unconfirmed payments with as many blocks on them as their amount asks for."""
    deep = F("block_number") + F("confirmations_needed") - 1
    waiting = Payment.objects.filter(network=network.id, confirmed_at=None, vanished_at=None)
    return list(_briefly(waiting.alias(enough_at=deep).filter(enough_at__lte=head)))


def doubtful(network: Network, transfers: Iterable[Transfer], *, replaced_from: int | None) -> list[Payment]:
    """Payments that may have vanished: in blocks that were replaced, or waiting for a block and no longer among the
    waiting.

    Those that the scan has just shown again (perhaps in another block) are not in doubt.
    """
    shown = {identity(transfer) for transfer in transfers}
    unsure = Q(block_number=None)
    if replaced_from is not None:
        unsure |= Q(block_number__gte=replaced_from)
    suspects = _briefly(Payment.objects.filter(unsure, network=network.id, vanished_at=None))
    return [payment for payment in suspects if identity(payment) not in shown]


def merged(*parts: NewsBySession) -> NewsBySession:
    """Several news of a session as one."""
    whole: NewsBySession = {}
    for part in parts:
        for session_id, news in part.items():
            _add(whole, session_id, news)
    return whole


def _briefly(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """With what is asked of them here: hundreds a second are loaded, each with its session."""
    return payments.select_related("session__deposit").only(
        "network", "asset", "decimals", "tx_hash", "log_index", "amount_units", "block_number", "block_hash",
        "counts", "value", "arrived_at", "seen_at", "confirmed_at", "session__currency", "session__deposit__address",
    )  # fmt: skip


def _unchanged(payments: Iterable[Payment], **state: None) -> list[Payment]:
    """Those that are still as they were loaded. The lock keeps it so until the end of the transaction."""
    loaded = {payment.pk: payment for payment in payments}
    if not loaded:
        return []
    rows = Payment.objects.filter(pk__in=loaded, vanished_at=None, **state).order_by("pk").select_for_update()
    return [
        loaded[pk] for pk, block_hash in rows.values_list("pk", "block_hash") if loaded[pk].block_hash == block_hash
    ]


def _write(payments: Iterable[Payment], now: datetime, **changes: Any) -> None:
    """What is final or gone, in the books as well."""
    keys = [payment.pk for payment in payments]
    Payment.objects.filter(pk__in=keys).update(**changes)
    book_payments(keys, now=now)


def _stored_first(network: Network, fresh: list[Payment]) -> list[Payment]:
    """Stores them; those that a second watcher had stored meanwhile are its news, not ours."""
    if not fresh:
        return []
    live = Payment.objects.filter(network=network.id, tx_hash__in={p.tx_hash for p in fresh}, vanished_at=None)
    taken = set(live.values_list("tx_hash", "log_index"))
    free = [payment for payment in fresh if (payment.tx_hash, payment.log_index) not in taken]
    free = _read_alike(network, free)
    _hand_on(free)
    Payment.objects.bulk_create(free, ignore_conflicts=True)
    made = Payment.objects.filter(public_id__in=[payment.public_id for payment in free])
    ours = set(made.values_list("public_id", flat=True))
    return [payment for payment in free if payment.public_id in ours]


def _read_alike(network: Network, fresh: list[Payment]) -> list[Payment]:
    """Without the coin's in blocks that were read in another way before: by balances what logs tell now, or otherwise.

    So it is when an operator moves the border behind which the coin's transfers are logged.
    """
    coin = network.native.symbol if network.native else ""
    if network.coin_logs_from is None or all(each.asset != coin for each in fresh):
        return fresh
    doubly = {FROM_INSIDE: Q(log_index__gte=0), 0: Q(log_index=FROM_INSIDE)}
    known = Payment.objects.filter(
        network=network.id, asset=coin, vanished_at=None, block_hash__in={each.block_hash for each in fresh}
    )
    others = {way: set(known.filter(other).values_list("session", "block_hash")) for way, other in doubly.items()}

    def is_new(payment: Payment) -> bool:
        way = min(payment.log_index, 0)
        return payment.asset != coin or (payment.session_id, payment.block_hash) not in others.get(way, ())

    return [payment for payment in fresh if is_new(payment)]


class _Holder(NamedTuple):
    """A session that has an address, or had it."""

    row: int
    address: str
    session: int
    since: datetime
    is_former: bool


# Until the end of the transaction nobody takes them over (`selling.superseding`, `paying.used_deposits`).
_HOLDERS = f"""
SELECT id, address, session_id, created_at, passed_on_at IS NOT NULL
FROM {DepositAddress._meta.db_table} WHERE address = ANY(%s::text[]) ORDER BY id FOR KEY SHARE
"""  # noqa: S608  (a name of our own)


def _hand_on(fresh: list[Payment]) -> None:
    """To whom they belong by now: addresses of superseded sessions and of contracts used again have new holders."""
    holders = _holders({payment.session.deposit.address for payment in fresh})
    found = {
        payment.public_id: holder_at(
            holders[payment.session.deposit.address], payment.arrived_at, since=lambda holder: holder.since
        )
        for payment in fresh
    }
    moved = [payment for payment in fresh if found[payment.public_id].session != payment.session_id]
    owners = {found[payment.public_id].session for payment in moved}
    sessions = CheckoutSession.objects.select_related("deposit").in_bulk(owners)
    for payment in moved:
        former, holder = payment.session, found[payment.public_id]
        owner, is_same_order = sessions[holder.session], former.deposit.pk == holder.row
        counted, payment.counts = payment.counts, owner.takes(asset=payment.asset, network=payment.network)
        payment.session = owner
        if not is_same_order or (former.currency, counted) != (owner.currency, payment.counts):
            # Valued anew, by the next pass: here no rate may be asked for.
            payment.rate = payment.value = None


def _holders(addresses: Collection[str]) -> dict[str, list[_Holder]]:
    """All that ever had these addresses, the newest first."""
    rows = [_Holder(*row) for row in fetch(_HOLDERS, [list(addresses)])]
    if {row.address for row in rows} - {row.address for row in rows if not row.is_former}:
        # Passed on while this waited for the lock: the new row was not there yet when it began to read.
        rows = [_Holder(*row) for row in fetch(_HOLDERS, [list(addresses)])]
    holders: dict[str, list[_Holder]] = defaultdict(list)
    for row in reversed(rows):
        holders[row.address].append(row)
    return holders


def _placed(network: Network, seen: Sightings) -> tuple[list[Payment], list[Payment]]:
    """Puts known payments where they were seen now; returns those that are back, and those confirmed no longer."""
    named = {each.tx_hash for each in seen.again} | {each.tx_hash for each in seen.again.values()}
    rows = Payment.objects.select_for_update(of=("self",)).select_related("session__deposit")
    known = list(rows.filter(network=network.id, tx_hash__in=named))
    taken = {identity(payment).place: payment.pk for payment in known if not payment.vanished_at}
    moved, returned, unsettled = [], [], []
    for payment in known:
        transfer = seen.again.get(identity(payment))
        if transfer is None or not (payment.vanished_at or payment.block_hash != transfer.block_hash):
            continue
        is_free = taken.setdefault((transfer.tx_hash, transfer.log_index), payment.pk) == payment.pk
        if payment.vanished_at:
            if not is_free:
                continue
            returned.append(payment)
        elif payment.confirmed_at:
            unsettled.append(payment)
        # Its value stays as it was counted. How deep it is begins anew; where another has its place, it is asked for.
        payment.vanished_at = payment.confirmed_at = None
        if is_free:
            payment.tx_hash, payment.block_hash = transfer.tx_hash, transfer.block_hash
            payment.block_number = transfer.block_number
        moved.append(payment)
    if moved:
        Payment.objects.bulk_update(moved, ["tx_hash", "block_number", "block_hash", "vanished_at", "confirmed_at"])
    return returned, unsettled


def _stored_values(valued: list[Payment], now: datetime) -> list[Payment]:
    same = _unchanged(valued, value=None)
    Payment.objects.bulk_update(same, ["basis", "rate", "value", "confirmations_needed"])
    book_payments([payment.pk for payment in same], now=now)
    return same


def _news(
    network: Network,
    payments: Iterable[Payment],
    what: str,
    *,
    arrived: bool = False,
    vanished: bool = False,
    noted: bool = False,
) -> NewsBySession:
    news: NewsBySession = {}
    for payment in payments:
        reason = _sentence(payment, payment.session, network, what)
        _add(news, payment.session_id, News(reason=reason, arrived=arrived, vanished=vanished, noted=noted))
    return news


def _sentence(payment: Payment, session: CheckoutSession, network: Network, what: str) -> str:
    amount = f"{amount_text(payment.amount_units, payment.decimals)} {payment.asset} on {network.name}"
    if payment.value is None:
        return f"{amount} {what}; no rate is known yet."[:_REASON_LENGTH]
    worth = f"{to_minor_unit(payment.value, session.currency)} {session.currency}"
    ending = f", worth {worth}." if payment.counts else ": not an asset of this session."
    return f"{amount} {what}{ending}"[:_REASON_LENGTH]


def _add(news: NewsBySession, session_id: int, more: News) -> None:
    before = news.get(session_id)
    news[session_id] = (
        News(
            reason=f"{before.reason} {more.reason}"[:_REASON_LENGTH],
            arrived=before.arrived or more.arrived,
            vanished=before.vanished or more.vanished,
            noted=before.noted or more.noted,
        )
        if before
        else more
    )

"""The only writer of a refund's status: under its session's lock, with a line of the timeline and an event.

Whoever learns something about a refund (a wallet, a person, the watcher) says where it moves; a move that is not
allowed from where it stands by now is left out, so that two who learn at once cannot undo each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from chains_app.reading.reader import FROM_INSIDE
from chains_app.reading.scanning import heads_of
from common.money import amount_text
from common.postgresql.bulk_sql import update_rows
from merchants_app.audit import record
from sessions_app.books.booking import book_refunds, book_told_refunds
from sessions_app.models import Decision, Payment, PendingDecision, Refund
from sessions_app.owed.letters import Owed, owe
from sessions_app.state.lifecycle import News, lock, lock_many, reassess, reassess_many
from sessions_app.status import REFUND_MOVES, TOO_MUCH, DecisionKind, LetterKind, RefundStatus
from webhooks_app.event_types import EventType

# Of a refund that is on no chain.
NOWHERE: dict[str, Any] = {
    "tx_hash": "", "log_index": None, "block_number": None, "block_hash": "", "seen_at": None, "confirmed_at": None,
}  # fmt: skip
_EVENTS = {
    RefundStatus.PREPARED: EventType.REFUND_PREPARED,
    RefundStatus.SEEN: EventType.REFUND_SEEN,
    RefundStatus.CONFIRMED: EventType.REFUND_CONFIRMED,
    RefundStatus.WITHDRAWN: EventType.REFUND_WITHDRAWN,
}
# Where it moves to, and whether it was final before.
_LETTERS = {
    (RefundStatus.SEEN, False): LetterKind.REFUND_SENT,
    (RefundStatus.CONFIRMED, False): LetterKind.REFUND_DONE,
    (RefundStatus.PREPARED, True): LetterKind.REFUND_UNDONE,
}
_WRITTEN = [
    "status", *NOWHERE, "undone_at", "withdrawn_at", "told_tx", "told_problem", "to_address", "prepared_at",
    "prepared_block", "is_beside_what_paid",
]  # fmt: skip
_REASON_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a refund goes, why, and what else of it changes with that."""

    refund: Refund
    to: RefundStatus
    reason: str  # a sentence for the timeline
    actor: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)


def begin(refund: Refund, *, actor: str, now: datetime) -> None:
    """Tells of a refund that was just written. Its session is locked."""
    kinds = [EventType.REFUND_CREATED]
    if refund.status == RefundStatus.PREPARED:
        kinds.append(EventType.REFUND_PREPARED)
    reason = f"A refund of {amount_of(refund)} was asked for."
    reassess(
        refund.session_id,
        News(reason=reason, actor=actor, refunds=tuple((kind, refund.public_id) for kind in kinds)),
        now=now,
    )


def move(moves: Sequence[Move], *, now: datetime | None = None) -> list[Refund]:
    """Moves refunds, each in step with its session; answers those that did. The caller's objects are changed, too."""
    if not moves:
        return []
    with transaction.atomic():
        paid_at = {each.pk: each.completed_at for each in lock_many({each.refund.session_id for each in moves})}
        now = now or timezone.now()
        present = Refund.objects.in_bulk([each.refund.pk for each in moves])
        done = [each for each in moves if _may(present[each.refund.pk], each)]
        letters = [owed for each in done if (owed := _letter(present[each.refund.pk], each))]
        for each in done:
            if each.to == RefundStatus.PREPARED:
                _open_again(present[each.refund.pk])
            if each.to == RefundStatus.SEEN and not _is_from_inside(each):
                sent_instead(present[each.refund.pk], each.changes["tx_hash"])
            for refund in (present[each.refund.pk], each.refund):
                _write(refund, each, now, paid_at[each.refund.session_id])
        update_rows([present[each.refund.pk] for each in done], _WRITTEN)
        book_refunds([each.refund.pk for each in done], now=now)
        book_told_refunds({each.refund.session_id for each in done}, now=now)
        reassess_many(_news(done), now=now)
        owe(letters, now=now)
    return [each.refund for each in done]


def withdraw(refunds: Sequence[Refund], *, actor: str, now: datetime, why: str = "", told_tx: str = "") -> list[Refund]:
    """They will not be sent; answers those that no chain had shown yet.

    `told_tx` is the transaction that is said to have gone in their place. It may be one of them, and is looked for.
    """
    done = move(
        [
            Move(
                refund=refund,
                to=RefundStatus.WITHDRAWN,
                reason=f"The refund of {amount_of(refund)} was withdrawn{why}.",
                actor=actor,
                changes={"told_tx": told_tx} if told_tx and refund.to_address and not refund.told_tx else {},
            )
            for refund in refunds
        ],
        now=now,
    )
    for refund in done:
        session = refund.session
        record(merchant=session.merchant, mode=session.mode, actor=actor, action="refund.withdrawn",
               subject=session.public_id, refund=refund.public_id)  # fmt: skip
    return done


def sent_instead(refund: Refund, tx_hash: str) -> None:
    """The refund is this transaction: what it was withdrawn for went by this one too, if it named what was told."""
    if tx_hash != refund.told_tx:
        named = Decision.objects.filter(session=refund.session_id, kind=DecisionKind.REFUNDED, tx_hash=refund.told_tx)
        named.filter(seen__contains=[refund.public_id]).update(tx_hash=tx_hash)


def by_itself(refund: Refund) -> str:
    """Who decided what the refund settled by being final."""
    return f"refund {refund.public_id}"


def _open_again(refund: Refund) -> None:
    """What its transfer had settled by itself, or together with other refunds: that is gone, and the money still here.

    Together they settle what is about money of the same asset, and too much in whichever asset was paid with.
    """
    if not refund.seen_at:
        return
    of_it = Payment.objects.filter(session=refund.session_id, network=refund.network, asset=refund.asset)
    pays = dict(of_it.values_list("public_id", "counts"))
    actors = [by_itself(each) for each in Refund.objects.filter(session=refund.session_id)]
    settled = Decision.objects.filter(
        session=refund.session_id, kind=DecisionKind.REFUNDED, actor__in=actors, decided_at__gte=refund.seen_at
    )
    undone = [
        each.pk
        for each in settled
        if each.actor == by_itself(refund)
        or not pays.keys().isdisjoint(each.seen)
        or (each.issue in TOO_MUCH and any(pays.values()))
    ]
    settled.filter(pk__in=undone).delete()


def said_to_be_back(session_id: int) -> PendingDecision | None:
    """The decision that the money has gone back, while it can still be taken back. Nothing else may go meanwhile."""
    return PendingDecision.objects.filter(session=session_id, kind=DecisionKind.REFUNDED).first()


def address_left(session_id: int) -> None:
    """What waited for the address that the session has now can be signed, unless it is said to be back already."""
    session = lock(session_id)
    if not session.refund_address or said_to_be_back(session_id):
        return
    now = timezone.now()
    waiting = session.refunds.filter(status=RefundStatus.WAITING_FOR_ADDRESS).order_by("id")
    move(
        [
            Move(
                refund=refund,
                to=RefundStatus.PREPARED,
                reason=f"The refund of {amount_of(refund)} can be signed.",
                changes={"to_address": session.refund_address, **from_now_on(refund.network, now)},
            )
            for refund in waiting
        ],
        now=now,
    )


def from_now_on(network_id: str, now: datetime) -> dict[str, Any]:
    """When a refund could be signed: what is older is no transfer of it."""
    return {"prepared_at": now, "prepared_block": heads_of({network_id}).get(network_id)}


def amount_of(refund: Refund) -> str:
    """'24.5 USDC'."""
    return f"{amount_text(refund.amount_units, refund.decimals)} {refund.asset}"


def _may(present: Refund, wanted: Move) -> bool:
    return wanted.to in REFUND_MOVES[RefundStatus(present.status)]


def _is_from_inside(wanted: Move) -> bool:
    return wanted.changes.get("log_index") == FROM_INSIDE


def _letter(present: Refund, wanted: Move) -> Owed | None:
    """What the buyer is told of a move: the chain shows it, it is final, and that it was and is so no more.

    Nothing of one that is only confirmed anew in another block.
    """
    was_final = present.status == RefundStatus.CONFIRMED
    kind = _LETTERS.get((wanted.to, was_final))
    if kind is None:
        return None
    return Owed(session=wanted.refund.session, kind=kind, about=present.public_id, is_asked=present.notify_buyer)


def _write(refund: Refund, wanted: Move, now: datetime, paid_at: datetime | None) -> None:
    changes = {"status": wanted.to, **wanted.changes}
    if wanted.to == RefundStatus.PREPARED:
        undone_at = now if refund.seen_at else None
        changes = NOWHERE | {"undone_at": undone_at, "prepared_at": refund.prepared_at or now} | changes
    elif wanted.to == RefundStatus.SEEN:
        # Known by its transaction from now on, also should another block have it. Of what came from inside a contract
        # only what was told can say that: its own hash is made of its block's.
        was_withdrawn = bool(paid_at and refund.withdrawn_at and refund.withdrawn_at <= paid_at)
        changes |= {
            "is_beside_what_paid": refund.is_beside_what_paid or was_withdrawn,
            "seen_at": refund.seen_at or now, "confirmed_at": None, "undone_at": None, "withdrawn_at": None,
            "told_tx": refund.told_tx if _is_from_inside(wanted) else changes["tx_hash"], "told_problem": "",
        }  # fmt: skip
    elif wanted.to == RefundStatus.CONFIRMED:
        changes["confirmed_at"] = now
    elif wanted.to == RefundStatus.WITHDRAWN:
        changes["withdrawn_at"] = now
    for name, value in changes.items():
        setattr(refund, name, value)


def _news(done: Sequence[Move]) -> dict[int, News]:
    news: dict[int, News] = {}
    for each in done:
        before = news.get(each.refund.session_id)
        news[each.refund.session_id] = News(
            reason=(f"{before.reason} {each.reason}" if before else each.reason)[:_REASON_LENGTH],
            actor=each.actor,
            refunds=(*(before.refunds if before else ()), (_EVENTS[each.to], each.refund.public_id)),
        )
    return news

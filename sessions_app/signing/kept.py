"""The rows of signed payments: one at a time may be under way for a session, whoever comes, crashes or tries again.

The database holds that by a constraint. A row is written before the facilitator is asked, and says afterwards what came
of it. One whose payment was seen is under way again when the chain drops that payment: until its time is over it may
come back, beside whatever else the buyer was asked to sign. The same may be brought anew: the token's contract takes it
once.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError
from django.db.models import Q, QuerySet

from chains_app.calls.authorizations import Authorization as Transfer
from chains_app.networks.networks import PaymentOption, all_networks
from common.api.moments import iso
from common.database import failing_alone
from sessions_app.errors import AnotherSigned, BeingSettled
from sessions_app.models import Authorization, AuthorizationStage, CheckoutSession
from sessions_app.paying.signed import is_dropped, is_past, rows_of, seen, under_way
from sessions_app.sentences import Sentence, filled, gettext

# Longer than the facilitator is waited for: whoever asked it has died by then.
LEASE = timedelta(seconds=75)


def settled_before(session: CheckoutSession, transfer: Transfer) -> Authorization | None:
    """The same payment, by the quote in force, if it was brought to the chain already, and not dropped since."""
    if session.quote is None:
        return None
    of = {"network": session.quote.network, "asset": session.quote.asset, "sender": transfer.sender}
    row = rows_of(session).filter(**of, nonce=_nonce(transfer), stage=AuthorizationStage.SETTLED).first()
    return None if row is None or is_dropped(row, session) else row


def close_what_is_over(session: CheckoutSession, *, now: datetime) -> None:
    """What can move no more money, or has, stands in nobody's way; what the chain dropped since may be brought anew."""
    for row in rows_of(session).filter(over_at=None):
        same = _as_known(row).filter(valid_before=row.valid_before, asked_at=row.asked_at)
        is_asked = row.stage == AuthorizationStage.ASKING
        broke_off = is_asked and (row.asked_at or row.created_at) < now - LEASE
        if payment := seen(row, session):
            same.update(stage=AuthorizationStage.SETTLED, tx_hash=payment.tx_hash, over_at=now)
        elif broke_off or (not is_asked and is_past(row)):
            reason = row.reason or ("broke off" if broke_off else "its time passed, and the chain shows nothing")
            same.update(stage=AuthorizationStage.FAILED, reason=reason, over_at=now)
    for row in rows_of(session).filter(stage=AuthorizationStage.SETTLED).order_by("id"):
        if is_dropped(row, session) and not is_past(row):
            _reopen(row)


def claim(session: CheckoutSession, option: PaymentOption, transfer: Transfer, *, now: datetime) -> Authorization:
    """The payment's row, for this request alone. Raises `AnotherSigned`, `BeingSettled`."""
    valid_before = datetime.fromtimestamp(transfer.valid_before, tz=UTC)
    mine = Authorization(
        session=session,
        network=option.network.id,
        asset=option.asset.symbol,
        sender=transfer.sender,
        nonce=_nonce(transfer),
        amount_units=transfer.units,
        valid_before=valid_before,
        created_at=now,
    )
    if (sent := under_way(session)) and sent.over_at:
        raise another_signed(sent, now=now)
    Authorization.objects.bulk_create([mine], ignore_conflicts=True)
    found = rows_of(session).filter(over_at=None).first()
    if found is None:  # what stood in its way ended this very moment
        raise BeingSettled(gettext("A payment was just being handed over: try again."))
    # Each token's contract on each network takes a nonce once; two contracts take it twice.
    if (found.sender, found.nonce) != (mine.sender, mine.nonce) or not is_for(found, option):
        raise another_signed(found, now=now)
    free = Q(asked_at=None) | Q(asked_at__lt=now - LEASE)
    claimed = _as_known(found).filter(free).exclude(stage=AuthorizationStage.SETTLED)
    # One that was signed once more, for longer, may be used for longer.
    found.valid_before = max(found.valid_before, valid_before)
    if not claimed.update(asked_at=now, valid_before=found.valid_before):
        raise BeingSettled(gettext("This payment is being handed over at the moment: wait for it."))
    return found


def is_for(row: Authorization, option: PaymentOption) -> bool:
    """Whether it moves that token on that network."""
    return (row.network, row.asset) == (option.network.id, option.asset.symbol)


def another_signed(row: Authorization, *, now: datetime) -> AnotherSigned:
    """What whoever would sign another payment is told while this one may still move their money."""
    network = all_networks().get(row.network)
    about = {"wallet": row.sender, "asset": row.asset, "network": network.name if network else row.network}
    if row.valid_before > now:
        sentence = gettext(
            "An earlier signature, of %(wallet)s for %(asset)s on %(network)s, may still be used until %(time)s UTC. "
            "Sign the same again, or wait until then."
        )
        words = about | {"time": Sentence(f"{row.valid_before:%H:%M}")}
        return AnotherSigned(filled(sentence, words), about={"until": iso(row.valid_before)})
    sentence = gettext(
        "An earlier signature, of %(wallet)s for %(asset)s on %(network)s, may have been used: we have not seen yet "
        "whether it was. Look in that wallet, and try again in a few minutes."
    )
    return AnotherSigned(filled(sentence, about))


def hand_over(row: Authorization) -> None:
    """From now on it may move money, whatever becomes of this process. Raises `BeingSettled` if it is over by now."""
    if not _write(row, stage=AuthorizationStage.SETTLING):
        raise BeingSettled(gettext("A payment was just being handed over: try again."))


def keep_settled(row: Authorization, *, tx_hash: str, now: datetime) -> None:
    """The facilitator, who was asked at `now`, says that it is on the chain."""
    _write(row, stage=AuthorizationStage.SETTLED, tx_hash=tx_hash, reason="", asked_at=None, settled_at=now)


def keep_in_doubt(row: Authorization, *, reason: str, tx_hash: str = "") -> None:
    """It was handed over, and nobody knows what came of it. The same may be handed over again."""
    tx_hash = tx_hash or row.tx_hash
    _write(row, stage=AuthorizationStage.SETTLING, reason=reason[:500], tx_hash=tx_hash, asked_at=None)


def keep_unsent(row: Authorization, *, reason: str, now: datetime) -> None:
    """It was never handed over."""
    _write(row, stage=AuthorizationStage.FAILED, reason=reason[:500], asked_at=None, over_at=now)


def _as_known(row: Authorization) -> QuerySet[Authorization]:
    """The row, unless somebody else brought it further, or it was over, since it was read."""
    return Authorization.objects.filter(pk=row.pk, stage=row.stage, over_at=None)


def _reopen(row: Authorization) -> None:
    """The same may be handed over again, unless another one is under way."""
    same = Authorization.objects.filter(pk=row.pk, stage=row.stage, over_at=row.over_at, settled_at=row.settled_at)
    with suppress(IntegrityError), failing_alone():
        same.update(stage=AuthorizationStage.SETTLING, reason="the chain dropped it", over_at=None)


def _nonce(transfer: Transfer) -> str:
    return "0x" + transfer.nonce.hex()


def _write(row: Authorization, **fields: object) -> bool:
    is_written = _as_known(row).update(**fields) == 1
    for name, value in fields.items():
        setattr(row, name, value)
    return is_written

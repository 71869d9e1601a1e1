"""Turns what a chain shows into payments: seen, moved to another block, confirmed, vanished. Decides nothing itself.

Each function stores facts and returns the news by session, for `lifecycle.reassess_many`. One call of them all, with
the scan's cursor, is one transaction: `watcher.py`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q

from chains_app.exchange_rates import RateUnavailable, rate
from chains_app.networks import Network, confirmations_for
from chains_app.reader import Sighting, Transfer
from common.modes import Mode
from common.money import amount_text, to_minor_unit, value_of
from sessions_app.lifecycle import News
from sessions_app.models import CheckoutSession, Payment
from sessions_app.models.payment import Basis
from sessions_app.valuation import valuate

Identity = tuple[str, int]
NewsBySession = dict[int, News]


def identity(item: Transfer | Payment) -> Identity:
    """What a movement is known by on its network."""
    return item.tx_hash, item.log_index


def sighting(payment: Payment) -> Sighting:
    """Where the payment was last seen, for asking the chain again."""
    return Sighting(payment.tx_hash, payment.log_index, payment.block_number, payment.block_hash)


def record_transfers(
    network: Network, transfers: Iterable[Transfer], sessions: Mapping[str, CheckoutSession], now: datetime
) -> NewsBySession:
    """Stores transfers to the sessions' addresses, each once, however often it is seen."""
    found = {identity(transfer): transfer for transfer in transfers if transfer.recipient in sessions}
    known = {identity(payment): payment for payment in _stored(network, found)}
    news: NewsBySession = {}
    fresh = []
    for key, transfer in found.items():
        session = sessions[transfer.recipient]
        payment = known.get(key)
        if payment is None:
            fresh.append(_new_payment(network, transfer, session, now))
        elif _has_moved(payment, transfer):
            returned = payment.vanished_at is not None
            _place(payment, transfer)
            if returned:
                _add(
                    news,
                    session.pk,
                    News(reason=_sentence(payment, session, network, "is back"), arrived=True),
                )
    for payment in _stored_first(fresh):
        _add(
            news,
            payment.session_id,
            News(reason=_sentence(payment, payment.session, network, "arrived"), arrived=True),
        )
    return news


def confirm(network: Network, payments: Iterable[Payment], now: datetime) -> NewsBySession:
    """Marks payments as confirmed; the caller has checked that they are deep enough and still there."""
    news: NewsBySession = {}
    for payment in payments:
        same = Payment.objects.filter(pk=payment.pk, block_hash=payment.block_hash, vanished_at=None)
        if same.filter(confirmed_at=None).update(confirmed_at=now):
            _add(
                news,
                payment.session_id,
                News(reason=_sentence(payment, payment.session, network, "is confirmed")),
            )
    return news


def mark_vanished(network: Network, payments: Iterable[Payment], now: datetime) -> NewsBySession:
    """Marks payments that the chain no longer has."""
    news: NewsBySession = {}
    for payment in payments:
        same = Payment.objects.filter(pk=payment.pk, block_hash=payment.block_hash, vanished_at=None)
        if same.update(vanished_at=now):
            reason = _sentence(payment, payment.session, network, "vanished from the chain")
            _add(news, payment.session_id, News(reason=reason, vanished=True))
    return news


def value_unvalued(network: Network, now: datetime) -> NewsBySession:
    """Counts payments for which no rate was to be had when they arrived."""
    news: NewsBySession = {}
    for payment in Payment.objects.filter(network=network.id, value=None, vanished_at=None).select_related("session"):
        _set_value(payment, payment.session, now)
        if payment.value is not None:
            payment.save(update_fields=["basis", "rate", "value"])
            reason = _sentence(payment, payment.session, network, "has a rate now")
            _add(news, payment.session_id, News(reason=reason, arrived=True))
    return news


def deep_enough(network: Network, head: int) -> list[Payment]:
    """Unconfirmed payments with as many blocks on them as their amount asks for."""
    deep = F("block_number") + F("confirmations_needed") - 1
    waiting = Payment.objects.filter(network=network.id, confirmed_at=None, vanished_at=None)
    return list(waiting.alias(enough_at=deep).filter(enough_at__lte=head).select_related("session"))


def doubtful(network: Network, transfers: Iterable[Transfer], *, replaced_from: int | None) -> list[Payment]:
    """Payments that may be gone: in blocks that were replaced, or waiting for a block and no longer among the waiting.

    Those that the scan has just shown again (perhaps in another block) are not in doubt.
    """
    shown = {identity(transfer) for transfer in transfers}
    unsure = Q(block_number=None)
    if replaced_from is not None:
        unsure |= Q(block_number__gte=replaced_from)
    suspects = Payment.objects.filter(unsure, network=network.id, vanished_at=None).select_related("session")
    return [payment for payment in suspects if identity(payment) not in shown]


def merged(*parts: NewsBySession) -> NewsBySession:
    """Several news of a session as one."""
    whole: NewsBySession = {}
    for part in parts:
        for session_id, news in part.items():
            _add(whole, session_id, news)
    return whole


def _stored(network: Network, found: Mapping[Identity, Transfer]) -> Iterable[Payment]:
    return Payment.objects.filter(network=network.id, tx_hash__in={tx_hash for tx_hash, _ in found})


def _stored_first(fresh: list[Payment]) -> list[Payment]:
    """Stores them; those that a second watcher had stored meanwhile are its news, not ours."""
    if not fresh:
        return []
    Payment.objects.bulk_create(fresh, ignore_conflicts=True)
    ours = set(
        Payment.objects.filter(public_id__in=[payment.public_id for payment in fresh]).values_list(
            "public_id", flat=True
        )
    )
    return [payment for payment in fresh if payment.public_id in ours]


def _new_payment(network: Network, transfer: Transfer, session: CheckoutSession, now: datetime) -> Payment:
    asset = network.assets[transfer.asset]
    payment = Payment(
        session=session,
        network=network.id,
        asset=asset.symbol,
        decimals=asset.decimals,
        tx_hash=transfer.tx_hash,
        log_index=transfer.log_index,
        sender=transfer.sender,
        amount_units=Decimal(transfer.amount_units),
        block_number=transfer.block_number,
        block_hash=transfer.block_hash,
        arrived_at=transfer.block_time or now,
        counts=not session.allowed_assets or asset.symbol in session.allowed_assets,
        confirmations_needed=_confirmations_needed(network, transfer, now),
        seen_at=now,
    )
    _set_value(payment, session, now)
    return payment


def _set_value(payment: Payment, session: CheckoutSession, now: datetime) -> None:
    worth = valuate(
        session,
        asset=payment.asset,
        network=payment.network,
        units=int(payment.amount_units),
        decimals=payment.decimals,
        arrived_at=payment.arrived_at,
        now=now,
    )
    # What does not count is valued all the same: whoever decides on it wants to know what it is worth.
    payment.basis = worth.basis if payment.counts else Basis.NONE
    payment.rate, payment.value = worth.rate, worth.value


def _confirmations_needed(network: Network, transfer: Transfer, now: datetime) -> int:
    asset = network.assets[transfer.asset]
    try:
        in_usd = rate(asset.symbol, "USD", mode=Mode(network.mode), now=now).value
    except RateUnavailable:
        return network.confirmations.large
    return confirmations_for(network, value_of(transfer.amount_units, in_usd, decimals=asset.decimals))


def _has_moved(payment: Payment, transfer: Transfer) -> bool:
    return payment.vanished_at is not None or payment.block_hash != transfer.block_hash


def _place(payment: Payment, transfer: Transfer) -> None:
    """The movement is in another block than it was, or is back. Its value stays as it was counted."""
    payment.block_number, payment.block_hash, payment.vanished_at = (
        transfer.block_number,
        transfer.block_hash,
        None,
    )
    payment.save(update_fields=["block_number", "block_hash", "vanished_at"])


def _sentence(payment: Payment, session: CheckoutSession, network: Network, what: str) -> str:
    amount = f"{amount_text(payment.amount_units, payment.decimals)} {payment.asset} on {network.name}"
    if payment.value is None:
        return f"{amount} {what}; no rate is known yet."
    worth = f"{to_minor_unit(payment.value, session.currency)} {session.currency}"
    return f"{amount} {what}, worth {worth}." if payment.counts else f"{amount} {what}: not an asset of this session."


def _add(news: NewsBySession, session_id: int, more: News) -> None:
    before = news.get(session_id)
    news[session_id] = (
        News(
            reason=f"{before.reason} {more.reason}"[:200],
            arrived=before.arrived or more.arrived,
            vanished=before.vanished or more.vanished,
        )
        if before
        else more
    )

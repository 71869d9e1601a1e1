"""What a receipt says. Nothing of the buyer and none of the shop's own texts, which may name one: it stays for good."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from chains_app.networks.networks import all_networks
from common.modes import Mode
from common.money import amount_text, plain, to_minor_unit
from sessions_app.models import CheckoutSession, Payment, Quote
from sessions_app.models.payment import Basis
from sessions_app.state.children import payments_of
from sessions_app.state.counting import received
from sessions_app.state.facts import facts_of, paying_ids
from sessions_app.state.representation import receipt_url

VERSION = 1


def paying(session: CheckoutSession) -> list[Payment]:
    """The payments that a receipt is of: what counts, is confirmed and is there, in the order of arrival."""
    ids = paying_ids(session)
    there = [payment for payment in payments_of(session) if payment.public_id in ids and payment.confirmed_at]
    return sorted(there, key=lambda payment: (payment.arrived_at, payment.pk))


def content_of(session: CheckoutSession, *, now: datetime) -> dict[str, Any]:
    """Of a completed session that came through `facts.with_facts` with its merchant and quotes."""
    payments = paying(session)
    assert session.completed_at is not None
    return {
        "version": VERSION,
        "issuer": settings.PUBLIC_URL,
        "url": receipt_url(session),
        "number": number_of(session),
        "session": session.public_id,
        "livemode": session.mode == Mode.LIVE,
        "seller": {"id": session.merchant.public_id, "name": session.merchant.name},
        "price": _money(session, to_minor_unit(session.amount, session.currency)),
        "received": _money(session, to_minor_unit(received(facts_of(session), is_sure=True), session.currency)),
        "completedAt": _moment(session.completed_at),
        "issuedAt": _moment(now),
        "payments": [_payment(session, payment) for payment in payments],
    }


def number_of(session: CheckoutSession) -> str:
    """For people: the day it was paid, and the first letters of its address."""
    assert session.completed_at is not None
    letters = receipt_url(session).rpartition("_")[2][:8].upper()
    return f"{session.completed_at.astimezone(UTC):%Y%m%d}-{letters[:4]}-{letters[4:]}"


def _payment(session: CheckoutSession, payment: Payment) -> dict[str, Any]:
    network, deposit = all_networks().get(payment.network), session.deposit
    quote = _quote(session.quotes.all(), payment)
    return {
        "id": payment.public_id,
        "asset": payment.asset,
        "amount": amount_text(payment.amount_units, payment.decimals),
        "network": payment.network,
        "networkName": network.name if network else payment.network,
        "chainId": network.chain_id if network else None,
        "value": None if payment.value is None else str(to_minor_unit(payment.value, session.currency)),
        "rate": None if payment.rate is None else plain(payment.rate),
        "rateRule": quote.provenance["rule"] if quote else None,
        "rateSources": _sources(quote) if quote else [],
        "to": deposit.address,
        "transaction": payment.tx_hash,
        "explorer": network.explorer_link(
            tx_hash=payment.tx_hash, log_index=payment.log_index, recipient=deposit.address
        )
        if network
        else None,
        "arrivedAt": _moment(payment.arrived_at),
        "confirmedAt": _moment(payment.confirmed_at) if payment.confirmed_at else None,
    }


def _quote(quotes: Iterable[Quote], payment: Payment) -> Quote | None:
    """The newest one whose rate it was counted at."""
    if payment.basis != Basis.QUOTE:
        return None
    wanted = (payment.asset, payment.network, payment.rate)
    its = [each for each in quotes if (each.asset, each.network, each.rate) == wanted]
    return max((each for each in its if each.created_at <= payment.seen_at), key=lambda each: each.pk, default=None)


def _sources(quote: Quote) -> list[dict[str, str]]:
    return [
        {"source": each["source"], "pair": each["pair"], "value": str(each["value"])}
        for each in quote.provenance["sources"]
        if each["used"]
    ]


def _money(session: CheckoutSession, amount: object) -> dict[str, str]:
    return {"amount": str(amount), "currency": session.currency}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

"""A receipt as a sheet: what was signed, and beside it what has become of that since. Pure, like all that is shown."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from chains_app.networks.networks import all_networks
from sessions_app.buyers.forgetting import is_erased
from sessions_app.models import CheckoutSession, Receipt, Refund
from sessions_app.reading.amounts import address_groups, asset_text, cut, masked_email, money_text
from sessions_app.receipts.signing import checked, kid_of
from sessions_app.sentences import filled
from sessions_app.state.evaluation import is_left_paid, is_lost
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import receipt_url, sorted_payments, sorted_refunds


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """One payment as it was signed."""

    amount: str  # '49.00 USDC'
    network: str
    rate: str  # '1 USDC = 1.00 USD'; empty when none was used
    sources: str  # 'median of coinbase 0.9998, kraken 1.0001'
    to: list[str]  # the address, in groups
    hash: list[str]
    explorer: str
    arrived_at: datetime
    taken_back_at: datetime | None  # by the network, after it was signed


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBack:
    """A refund that the chain shows."""

    amount: str
    network: str
    at: datetime
    hash: list[str]
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One view of a receipt."""

    token: str
    url: str
    number: str
    seller: str
    is_test: bool
    price: str
    received: str
    is_full: bool  # no less than the price was received
    paid_at: datetime
    issued_at: datetime
    kid: str  # the key that signed it
    lines: tuple[SheetLine, ...]
    refunds: tuple[SentBack, ...]
    holds: bool  # the network has not taken the payment back, or it is left paid all the same
    is_left_paid: bool  # by the seller, though what was paid is gone

    # The shop's and the buyer's own words: not signed, and gone once the buyer is erased.
    seller_details: tuple[str, ...]  # address, VAT number: lines as the shop wrote them
    support_email: str
    item: str
    description: str
    reference: str
    buyer: str
    email: str  # masked


def sheet_of(receipt: Receipt) -> Sheet | None:
    """The sheet of a receipt that `issuing.receipt_at` found; None while it is not signed, or was not signed by us."""
    content, session = checked(receipt.signed) if receipt.signed else None, receipt.session
    if content is None:
        return None
    erased, facts = is_erased(session), facts_of(session)
    is_kept = is_left_paid(facts)
    return Sheet(
        token=receipt.token,
        url=receipt_url(session),
        number=content["number"],
        seller=content["seller"]["name"],
        is_test=not content["livemode"],
        price=_money(content["price"]),
        received=_money(content["received"]),
        is_full=Decimal(content["received"]["amount"]) >= Decimal(content["price"]["amount"]),
        paid_at=_moment(content["completedAt"]),
        issued_at=_moment(content["issuedAt"]),
        kid=kid_of(receipt.signed),
        lines=_lines(content, session),
        refunds=tuple(_sent_back(refund) for refund in sorted_refunds(session) if refund.seen_at),
        holds=is_kept or not is_lost(facts),
        is_left_paid=is_kept,
        seller_details=tuple(session.merchant.receipt_details.splitlines()),
        support_email=session.merchant.support_email,
        item=cut(session.product_name, 250),
        description=cut(session.product_description, 500),
        reference=cut(session.reference or "", 200),
        buyer="" if erased else cut(session.name, 200),
        email="" if erased else masked_email(session.email),
    )


def _lines(content: dict[str, Any], session: CheckoutSession) -> tuple[SheetLine, ...]:
    gone = {payment.public_id: payment.vanished_at for payment in sorted_payments(session)}
    return tuple(
        SheetLine(
            amount=f"{each['amount']} {each['asset']}",
            network=each["networkName"],
            rate=f"1 {each['asset']} = {each['rate']} {content['price']['currency']}" if each["rate"] else "",
            sources=_sources(each),
            to=address_groups(each["to"]),
            hash=address_groups(each["transaction"]),
            explorer=each["explorer"] or "",
            arrived_at=_moment(each["arrivedAt"]),
            taken_back_at=gone.get(each["id"]),
        )
        for each in content["payments"]
    )


def _sent_back(refund: Refund) -> SentBack:
    known = all_networks().get(refund.network)
    asset = known.assets.get(refund.asset) if known else None
    assert refund.seen_at is not None
    return SentBack(
        amount=f"{asset_text(refund.amount_units, refund.decimals, asset)} {refund.asset}",
        network=known.name if known else refund.network,
        at=refund.confirmed_at or refund.seen_at,
        hash=address_groups(refund.tx_hash),
        is_final=refund.confirmed_at is not None,
    )


def _sources(line: dict[str, Any]) -> str:
    named = ", ".join(f"{each['source']} {each['value']} {each['pair']}" for each in line["rateSources"])
    return filled(gettext("by %(sources)s"), {"sources": named}) if named else ""


def _money(money: dict[str, str]) -> str:
    return f"{money_text(Decimal(money['amount']), money['currency'])} {money['currency']}"


def _moment(text: str) -> datetime:
    found = parse_datetime(text)
    assert found is not None
    return found

"""Payment links: made, changed, and opened by buyers, each of whom gets a checkout session of their own."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from common.errors import NotFound
from common.fiat.currencies import Currency
from common.money import to_minor_unit
from merchants_app.businesses.switches import is_on
from merchants_app.businesses.ways import has_switched_off
from merchants_app.models import Feature, Merchant
from merchants_app.treasuries.treasuries import treasury_for
from sessions_app.answers import shop as answers
from sessions_app.errors import NOT_AT_THE_MOMENT, LinkClosed, NoTreasury
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.orders.stock import SOLD_OUT, count_held, is_sold_out
from sessions_app.selling.creation import SessionTerms, create_session


class LinkNotFound(NotFound):
    """No such link, or not the caller's."""


class Closed(StrEnum):
    """Why nobody can pay by a link."""

    OFF = "off"
    OVER = "over"
    SOLD_OUT = "sold_out"
    SHUT = "shut"  # the shop itself takes no payments, or the operator has links switched off


def create_link(*, merchant: Merchant, mode: str, terms: Mapping[str, Any]) -> PaymentLink:
    """A new link on checked terms, by the link's fields. Raises `NoTreasury`."""
    if treasury_for(merchant, mode, timezone.now()) is None:
        raise NoTreasury(f"Name the wallet to receive in first: Dashboard › Treasury ({mode} mode).")
    return PaymentLink.objects.create(merchant=merchant, mode=mode, **terms)


def change_link(link: PaymentLink, terms: Mapping[str, Any]) -> PaymentLink:
    """Changes what was given. Sessions opened before keep what they were opened with."""
    for name, value in terms.items():
        setattr(link, name, value)
    link.save(update_fields=list(terms))
    return link


def link_for_buyer(public_id: str) -> PaymentLink:
    """The link that a buyer opened. Raises `LinkNotFound`."""
    link = PaymentLink.objects.select_related("merchant").filter(public_id=public_id).first()
    if link is None:
        raise LinkNotFound("There is no such payment link.")
    return link


def open_link(
    link: PaymentLink, *, email: str, name: str, amount: Decimal | None = None, language: str = ""
) -> CheckoutSession:
    """A session for one buyer, which holds no piece yet: picking an asset does (`stock`).

    `language` is what the buyer wished to read on the link's page, and goes on reading where it is on offer. Anybody
    may type anybody's e-mail address: a customer that the merchant knows keeps their name.
    Raises `LinkClosed` when the link is switched off, over or sold out.
    """
    if reason := why_closed(link, timezone.now()):
        raise LinkClosed(reason)
    price = amount if link.amount is None else link.amount
    assert price is not None  # where the buyer chooses it, the page asks for it
    terms = _terms(link, email=email, name=name, amount=price)
    with transaction.atomic():
        session = create_session(merchant=link.merchant, mode=link.mode, terms=terms, renames_customer=False)
        CheckoutSession.objects.filter(pk=session.pk).update(payment_link=link, buyer_language=language)
    return session


def closed_because(link: PaymentLink, now: datetime) -> Closed | None:
    """What keeps everybody from paying by it; None when nothing does."""
    if not link.is_active:
        return Closed.OFF
    if link.ends_at and link.ends_at <= now:
        return Closed.OVER
    if is_sold_out(link, now):
        return Closed.SOLD_OUT
    if (
        not is_on(Feature.PAYMENT_LINKS)
        or link.merchant.suspended_at
        or treasury_for(link.merchant, link.mode, now) is None
        or has_switched_off(link.merchant, link.mode, link.allowed_assets)
    ):
        return Closed.SHUT
    return None


def why_closed(link: PaymentLink, now: datetime) -> str:
    """The same as a sentence for the buyer; empty when everybody can pay."""
    closed = closed_because(link, now)
    return {
        None: "",
        Closed.OFF: gettext("This payment link has been switched off."),
        Closed.OVER: gettext("This offer is over."),
        Closed.SOLD_OUT: str(SOLD_OUT),
        Closed.SHUT: str(NOT_AT_THE_MOMENT),
    }[closed]


def link_url(link: PaymentLink) -> str:
    """Where buyers open it."""
    return f"{settings.PUBLIC_URL}/l/{link.public_id}"


def represent_link(link: PaymentLink, *, held: int | None = None) -> answers.PaymentLink:
    """The link's answer. `held`: how many pieces are, where that is known already."""
    return answers.PaymentLink(
        id=link.public_id,
        url=link_url(link),
        poster_url=f"{link_url(link)}/poster",
        livemode=link.mode == "live",
        active=link.is_active,
        amount=_money(link.amount, link),
        currency=Currency(link.currency),
        quick_amounts=[to_minor_unit(each, link.currency) for each in link.quick_amounts],
        min_amount=_money(link.min_amount, link),
        max_amount=_money(link.max_amount, link),
        product_id=link.product_id,
        product_name=link.product_name,
        product_description=link.product_description,
        allowed_assets=link.allowed_assets,
        success_url=link.success_url or None,
        metadata=link.metadata,
        stock=link.stock,
        held=count_held(link, timezone.now()) if held is None else held,
        ends_at=link.ends_at,
        created_at=link.created_at,
    )


def _money(amount: Decimal | None, link: PaymentLink) -> Decimal | None:
    return None if amount is None else to_minor_unit(amount, link.currency)


def _terms(link: PaymentLink, *, email: str, name: str, amount: Decimal) -> SessionTerms:
    return SessionTerms(
        amount=amount,
        currency=link.currency,
        success_url=link.success_url or link_url(link),
        cancel_url=link_url(link),
        email=email,
        name=name,
        metadata=link.metadata | {"paymentLink": link.public_id},
        product_id=link.product_id or link.public_id,
        product_name=link.product_name,
        product_description=link.product_description,
        allowed_assets=link.allowed_assets,
    )

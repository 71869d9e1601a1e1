"""How sessions are written on dashboard pages."""

import re
from collections.abc import Sequence
from decimal import Decimal

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join

from common.api.first_sale import FIRST_SALE, first_command
from common.api.samples import samples
from common.money import to_minor_unit
from merchants_app.frame.access import Access
from merchants_app.models import LoggedRequest
from sessions_app.models import CheckoutSession, Decision, Payment, PendingDecision, Refund
from sessions_app.paying.decisions import case_of
from sessions_app.reading.refund_list import RefundState, state_of
from sessions_app.reading.searching import read_as
from sessions_app.reading.session_page import transaction_link
from sessions_app.reading.session_story import explained
from sessions_app.reading.session_words import (
    Chip,
    chips_of,
    decision_words,
    headline_of,
    network_name,
    paid_with,
    payment_chip,
)
from sessions_app.scope import SessionScope
from sessions_app.shown.marks import asset_mark, network_mark
from sessions_app.state.children import Session
from sessions_app.state.representation import payment_state, received_value
from sessions_app.status import DecisionKind, Issue

_SESSION_ID = re.compile(r"\bcs_[0-9a-z]+")

_REFUND_TONES = {RefundState.TO_SIGN: "now", RefundState.ON_ITS_WAY: "now", RefundState.FINAL: "good"}

register = template.Library()
register.filter("headline", headline_of)
register.filter("paid_with", paid_with)
register.filter("network_name", network_name)
register.filter("received", received_value)
register.filter("explained", explained)
register.filter("transaction_link", transaction_link)
register.filter("read_as", read_as)


@register.simple_tag
def marks(asset: str, network: str) -> str:
    """The drawings of an asset and of its network, or of one of them, for eyes alone: their names stand beside."""
    names = [each for each in (asset and asset_mark(asset), network and network_mark(network)) if each]
    drawn = [(static(f"icons/{name}.svg"),) for name in names]
    pictures = format_html_join("", '<img src="{}" alt="" width="20" height="20">', drawn)
    return format_html('<span class="marks">{}</span>', pictures)


@register.simple_tag(takes_context=True)
def first_call(context: Context) -> str:
    """The command that makes a first session here, for a key that the reader puts in."""
    return first_command(url=context["request"].build_absolute_uri("/")[:-1], key=f"sk_{context['mode'].value}_…")


@register.simple_tag
def first_samples() -> dict[str, str]:
    """The call that makes a first session, in each language."""
    return samples(method="POST", address="/api/v1/checkout", body=FIRST_SALE)


@register.simple_tag
def with_sessions(
    requests: Sequence[LoggedRequest], access: Access
) -> list[tuple[LoggedRequest, CheckoutSession | None]]:
    """Each request with the session that its path names, where that is theirs; in one query however many they are."""
    named = [found[0] if (found := _SESSION_ID.search(each.path)) else "" for each in requests]
    sessions = SessionScope.of(access).bare_sessions().filter(public_id__in=set(named))
    theirs = {each.public_id: each for each in sessions.only("public_id", "reference")}
    return [(request, theirs.get(name)) for request, name in zip(requests, named, strict=True)]


@register.filter
def payments_shown(session: CheckoutSession) -> str:
    """What a decision on this page is about, for its form to send back."""
    case = case_of(session)
    return " ".join(case.payments) if case else ""


@register.filter
def decided_words(decision: Decision | PendingDecision) -> str:
    """What was decided, as its button said it."""
    return decision_words(DecisionKind(decision.kind), Issue(decision.issue))[0]


@register.filter
def case_value(session: CheckoutSession) -> Decimal:
    """What has come for the session; when it is in a wrong asset, the worth of that."""
    case = case_of(session)
    return case.value if case and case.issue == Issue.WRONG_ASSET else received_value(session)


@register.filter
def came_otherwise(session: Session) -> Decimal | None:
    """What came, where it is something and not what was asked; None: nothing to be told."""
    came = to_minor_unit(received_value(session), session.currency)
    return came if came and came != to_minor_unit(session.amount, session.currency) else None


@register.filter
def chips(session: Session) -> str:
    """Where it is and what is odd."""
    return _drawn(chips_of(session))


@register.filter
def refund_chip(refund: Refund) -> str:
    """Where a refund is."""
    state = state_of(refund)
    return _drawn([Chip(str(state.label), _REFUND_TONES.get(state, ""))])


@register.filter
def why_refunded(refund: Refund) -> str:
    """The reason that was given for it; else what was odd."""
    return refund.reason or (Issue(refund.issue).label if refund.issue else "")


@register.filter
def payment_state_chip(payment: Payment) -> str:
    """Where a payment is."""
    return _drawn([payment_chip(payment_state(payment))])


def _drawn(found: list[Chip]) -> str:
    return format_html_join(" ", '<span class="chip {}">{}</span>', ((chip.tone, chip.text) for chip in found))

"""What a buyer is told of money that goes back to them, above the list of what has been sent."""

from sessions_app.letters.about import names_of
from sessions_app.models import CheckoutSession
from sessions_app.reading.amounts import money_text
from sessions_app.refunding.refundable import waiting_for_address
from sessions_app.sentences import Sentence, filled
from sessions_app.sentences import gettext as _
from sessions_app.shown.words import Facts, Notice, Said, as_news
from sessions_app.state.counting import gone_unpaid
from sessions_app.state.facts import facts_of
from sessions_app.status import PaymentStatus, RefundStatus


def has_gone_back(session: CheckoutSession) -> bool:
    """Of a session that was paid: it all went back since, or so much that less than the price stays."""
    return session.payment_status in {PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED}


def paid_and_back(facts: Facts) -> Said | None:
    """What is said of one that `has_gone_back`."""
    session = facts.session
    if not has_gone_back(session):
        return None
    is_all = session.payment_status == PaymentStatus.REFUNDED
    headline = _("Paid, and sent back") if is_all else _("Paid, and sent back in part")
    back = f"{money_text(facts_of(session).sent_back, session.currency)} {session.currency}"
    return Said(
        headline=headline,
        lead=filled(_("%(shop)s has sent %(amount)s back to you for %(item)s."), names_of(session) | {"amount": back}),
        news=as_news(headline),
        tone="info",
    )


def over_and_back(facts: Facts, over: Sentence) -> Said:
    """Of one that ended without being paid, and all that came went back. `over`: how it ended."""
    return Said(
        headline=over,
        lead=filled(_("The order is not paid. %(shop)s has sent back what came."), facts.names),
        news=filled(_("%(over)s. What came has been sent back."), {"over": over}),
        tone="info",
    )


def pays_for_nothing(session: CheckoutSession) -> Notice | None:
    """Of a session that still asks for money: why it asks for that part again, from the moment that it does."""
    facts = facts_of(session)
    back = gone_unpaid(facts)
    if back < facts.unit:
        return None
    names = {"shop": session.merchant.name, "back": money_text(back, session.currency), "currency": session.currency}
    text = _("It does not pay for this order any more. Please ask %(shop)s before you pay again.")
    return Notice(
        tone="warn",
        title=filled(_("%(shop)s sends %(back)s %(currency)s back to you"), names),
        text=filled(text, names),
    )


def was_undone(session: CheckoutSession) -> Notice | None:
    """The page had said that it was sent back."""
    if not any(refund.undone_at and refund.status == RefundStatus.PREPARED for refund in session.refunds.all()):
        return None
    text = _("%(shop)s has been told and can send it again. There is nothing for you to do.")
    return Notice(
        tone="warn",
        title=_("The network took a refund back"),
        text=filled(text, {"shop": session.merchant.name}),
    )


def asks_where(session: CheckoutSession) -> Notice | None:
    """A refund lacks nothing but the buyer's word."""
    if not waiting_for_address(session):
        return None
    return Notice(
        tone="info",
        title=_("Leave an address that your money can go back to"),
        text=filled(_("%(shop)s wants to send money back to you for %(item)s (%(price)s)."), names_of(session)),
    )

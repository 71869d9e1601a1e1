"""What the page says in each of its states: the headline, the sentence below it, and the line of news at its foot."""

from datetime import timedelta

from sessions_app.models import REPLACED, Fate
from sessions_app.paying.announcing import doubted
from sessions_app.reading.amounts import day_text
from sessions_app.reading.named import any_of, time_here
from sessions_app.sentences import Sentence, filled, joined
from sessions_app.sentences import gettext as _
from sessions_app.shown.due import amount_of
from sessions_app.shown.going_back import over_and_back, paid_and_back
from sessions_app.shown.states import State
from sessions_app.shown.way import Sent
from sessions_app.shown.words import Facts, Said, as_news
from sessions_app.state.counting import gone_unpaid
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import received_value
from sessions_app.status import Issue, PaymentStatus, Status


def said_of(state: State, facts: Facts) -> Said:
    """The words for a state."""
    return {
        State.CHOOSE: _choose,
        State.SEND: _send,
        State.SENT: _sent,
        State.PRICING: _pricing,
        State.LAPSED: _lapsed,
        State.AWAY: _away,
        State.PAUSED: _paused,
        State.ORDER_PAID: _order_paid,
        State.PROCESSING: _processing,
        State.PAID: _paid,
        State.REVERSED: _reversed,
        State.EXPIRED: _ended,
        State.CANCELLED: _ended,
    }[state](facts)


def _choose(facts: Facts) -> Said:
    if not facts.has_offer:
        return Said(
            headline=_("There is no way to pay right now"),
            lead=_("It is not your wallet, and nothing was charged."),
            news=_("We look again every minute."),
            beside=filled(_("Last look %(time)s."), {"time": time_here(facts.now)}),
            tone="warn",
        )
    arrived = received_value(facts.session)
    news = _("Nothing is charged by choosing.")
    return Said(
        headline=_("What do you pay the rest with?") if arrived else _("What do you pay with?"),
        lead=_("Pick the coin that you have, then its network."),
        news=filled(_("%(arrived)s of %(price)s %(currency)s arrived."), facts.names) if arrived else news,
        beside=filled(_("Prices here are of %(time)s."), {"time": time_here(facts.now)}),
    )


def _send(facts: Facts) -> Said:
    due = facts.due
    assert due is not None  # without it the state is another
    what = {"amount": f"{due.amount} {due.asset}", "network": due.network}
    if due.arrived_text:
        less = _("%(amount)s are missing, perhaps a fee that your exchange kept. Nothing is lost: send the rest.")
        return Said(
            headline=filled(_("%(arrived)s of %(price)s %(currency)s arrived"), facts.names),
            lead=Sentence() if gone_unpaid(facts_of(facts.session)) else filled(less, what),  # a notice says why
            news=filled(_("%(arrived)s of %(price)s %(currency)s arrived. Waiting for the rest."), facts.names),
        )
    if facts.wanted.by_exchange:
        lead = _("No hurry and no clock: what arrives by %(day)s counts.")
        if due.rate:
            lead = _(
                "This amount holds until %(time)s. What arrives later, by %(day)s, counts at the rate of the moment it "
                "arrives."
            )
        return Said(
            headline=_("Fill in your exchange’s withdrawal form"),
            lead=filled(
                lead, {"time": time_here(due.holds_until), "day": Sentence(day_text(facts.session.watch_until))}
            ),
            news=_("Waiting for your payment. You can close this page."),
        )
    return Said(
        headline=filled(_("Send %(amount)s on %(network)s"), what),
        news=_("Waiting for your payment. This page notices it by itself."),
    )


def _sent(facts: Facts) -> Said:
    sent = facts.sent
    assert sent is not None
    if sent.by_exchange:
        return Said(
            headline=_("Thank you. Now your exchange sends it"),
            lead=_("Some take a minute, some an hour. You can close this page."),
            news=_("Nothing has arrived yet. This page notices it by itself."),
        )
    if sent.fate in REPLACED:
        return _replaced(sent)
    if sent.is_slow:
        return _slow(facts.names) if sent.is_known else _not_shown(facts.names, sent)
    return Said(
        headline=filled(_("Sent. Now %(network)s takes it up"), facts.names),
        lead=_("Please do not send it again. You can close this page."),
        news=filled(_("Your wallet has sent it. Waiting for %(network)s."), facts.names),
    )


def _slow(names: dict[str, str]) -> Said:
    return Said(
        headline=filled(_("%(network)s is taking longer than usual"), names),
        lead=_("Your payment is known, and it is safe. Please do not send it again."),
        news=filled(_("%(network)s has not taken it up yet. We go on looking."), names),
        hint=_sped_up(),
        tone="warn",
    )


def _sped_up() -> Sentence:
    return _("Your wallet may offer to “speed up” the payment. That is safe: it stays one payment.")


def _not_shown(names: dict[str, str], sent: Sent) -> Said:
    """Nothing is said of the money that the chain does not show."""
    if sent.fate == Fate.DONE:
        return Said(
            headline=filled(_("%(network)s has the transaction, but we see no payment in it"), names),
            lead=sent.look_first,
            news=_("We see no payment in your transaction. We go on looking."),
            tone="warn",
        )
    return Said(
        headline=_("We do not see your payment yet"),
        lead=sent.look_first,
        news=filled(_("%(network)s has not taken it up yet. We go on looking."), names),
        hint=_sped_up(),
        tone="warn",
    )


def _replaced(sent: Sent) -> Said:
    return Said(
        headline=_("Your wallet replaced the payment"),
        lead=sent.look_first,
        news=_(
            "Your wallet replaced the payment. If it was sped up, it shows here; if cancelled, nothing was paid: send "
            "again."
        ),
        tone="warn",
    )


def _pricing(facts: Facts) -> Said:
    unpriced = any_of(p.asset for p in facts.payments if p.counts and p.value is None and not p.vanished_at)
    news = _("There is no sure rate for %(asset)s right now. Its worth is worked out as soon as there is one.")
    return Said(
        headline=_("Your payment has arrived"),
        lead=_("Please do not send it again. You can close this page."),
        news=filled(news, {"asset": unpriced}),
    )


def _lapsed(facts: Facts) -> Said:
    quote = facts.session.quote
    assert quote is not None
    names = facts.names | {
        "amount": amount_of(quote),
        "minutes": str((quote.valid_until - quote.created_at) // timedelta(minutes=1)),
    }
    lead = _(
        "Rates move, so %(amount)s was fixed for %(minutes)s minutes only. What you pay stays: %(price)s %(currency)s."
    )
    return Said(
        headline=_("The price has to be renewed"),
        lead=filled(lead, names),
        news=_("Waiting for your payment. This page looks again by itself."),
    )


def _away(facts: Facts) -> Said:
    if not facts.unseen:
        return Said(
            headline=_("This way to pay has been switched off"),
            lead=_("The network and your money are not affected."),
            news=_("Choose another way. What you have sent already is not lost."),
            tone="warn",
        )
    lead = _("The network and your money are not affected, only our view of it.")
    if facts.unseen_since:
        since = filled(_("Since %(time)s."), {"time": time_here(facts.unseen_since)})
        lead = joined([since, lead])
    return Said(
        headline=filled(_("We cannot see %(network)s right now"), facts.names),
        lead=lead,
        news=_("We look again every few seconds."),
        beside=filled(_("Last look %(time)s."), {"time": time_here(facts.now)}),
        tone="warn",
    )


def _paused(_facts: Facts) -> Said:
    headline = _("This shop takes no payments at the moment")
    return Said(headline=headline, news=as_news(headline), tone="warn")


def _order_paid(_facts: Facts) -> Said:
    return Said(
        headline=_("Your order is paid already"),
        news=_("Your order is paid. Please send nothing more."),
        tone="good",
    )


def _processing(facts: Facts) -> Said:
    progress, names = facts.progress, facts.names
    if facts.unseen:
        unseen = _("We cannot see %(network)s right now. Your payment becomes final once we see it again.")
        return Said(
            headline=_("Your payment has arrived"),
            lead=_("Your payment is known, and it is safe. You can close this page."),
            news=filled(unseen, names),
            tone="warn",
        )
    if progress and progress.is_slow:
        return _slow(names)
    if progress and progress.is_in_block:
        steps = {"have": progress.have, "need": progress.need}
        return Said(
            headline=_("Your payment has arrived"),
            lead=_("It is being made final. You can close this page."),
            news=filled(_("%(have)s of %(need)s confirmations. Nothing is left for you to do."), steps),
        )
    return Said(
        headline=_("We see your payment"),
        lead=_("Please do not send it again. You can close this page."),
        news=filled(_("We see your payment. Waiting for %(network)s to take it up."), names),
    )


def _paid(facts: Facts) -> Said:
    return paid_and_back(facts) or Said(
        headline=_("Paid, a little late") if facts.session.issue == Issue.LATE else _("Paid"),
        news=filled(_("Paid. %(shop)s has been told."), facts.names),
        tone="good",
    )


def _reversed(facts: Facts) -> Said:
    return Said(
        headline=filled(_("%(network)s took your payment back"), facts.names),
        lead=_("It had been final, and was dropped afterwards. That is rare, and no fault of yours."),
        news=filled(_("%(network)s took your payment back. Pay again only when the shop asks you to."), facts.names),
        tone="warn",
    )


def _ended(facts: Facts) -> Said:
    there = [payment for payment in facts.payments if not payment.vanished_at]
    session = facts.session
    over = _("The time to pay is over")
    if session.status == Status.CANCELLED:
        by_buyer, by_shop = _("You cancelled this payment"), _("%(shop)s has cancelled this payment")
        over = filled(by_shop if facts.by_shop else by_buyer, facts.names)
    if not there:
        lead, news = _("Nothing has arrived, and nothing was charged."), _("%(over)s. Nothing was charged.")
        if facts.is_under_way:
            lead = _("A payment may be on its way. We look for it: please do not send another one.")
            news = _("%(over)s. We look for your payment.")
        elif doubted(session, now=facts.now):  # nobody knows: a notice says what to do
            return Said(headline=over, news=as_news(over), tone="info")
        return Said(headline=over, lead=lead, news=filled(news, {"over": over}), tone="info")
    if session.payment_status == PaymentStatus.REFUNDED:
        return over_and_back(facts, over)
    if session.issue == Issue.WRONG_ASSET:
        headline = filled(_("%(asset)s arrived, which this shop does not take here"), {"asset": there[-1].asset})
    elif session.issue == Issue.LATE:
        headline = filled(_("%(arrived)s of %(price)s %(currency)s arrived, too late"), facts.what_came)
    else:
        headline = filled(_("%(arrived)s of %(price)s %(currency)s arrived in time"), facts.what_came)
    return Said(
        headline=headline,
        lead=filled(_("The order is not paid. What came is on record, and %(shop)s has been told."), facts.names),
        news=filled(_("%(over)s. What came is on record."), {"over": over}),
        tone="warn",
    )

"""What happened and what to do, in sentences a buyer understands: one notice per thing that is out of the ordinary."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from chains_app.networks.networks import all_networks
from sessions_app.letters.support import support_for
from sessions_app.models import Authorization, CheckoutSession, Payment
from sessions_app.paying.announcing import announced, doubted, refused
from sessions_app.reading.amounts import money_text
from sessions_app.reading.named import moment_here, time_here
from sessions_app.sentences import Sentence, filled, joined
from sessions_app.sentences import gettext as _
from sessions_app.shown.going_back import asks_where, has_gone_back, pays_for_nothing, was_undone
from sessions_app.shown.states import LAST_MINUTES
from sessions_app.shown.way import look_first
from sessions_app.shown.words import Notice, NoticeTone
from sessions_app.state.counting import came
from sessions_app.state.evaluation import is_taken_back
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import received_value
from sessions_app.status import COVERED, Issue, Status


def notices_of(
    session: CheckoutSession,
    *,
    payments: Sequence[Payment],
    now: datetime,
    asks: bool,
    signed: Authorization | None = None,
) -> tuple[Notice, ...]:
    """The most pressing first; none while all goes as usual, or the headline says it. `asks`: the page, for money."""
    found = [*_of_status(session, payments, now, asks, signed), was_undone(session), asks_where(session)]
    return tuple(notice for notice in found if notice)


def _of_status(
    session: CheckoutSession, payments: Sequence[Payment], now: datetime, asks: bool, signed: Authorization | None
) -> Sequence[Notice | None]:
    status = Status(session.status)
    if session.order_paid_by and status not in COVERED:
        return [_order_paid(session, payments)]
    if status == Status.OPEN and session.expires_at <= now:
        status = Status.EXPIRED
    return {
        Status.OPEN: lambda: [
            _paused(session) if session.merchant.suspended_at else None,
            _signed(signed, now),
            None if signed else _gone(payments),  # not to be paid again otherwise while that may still be sent
            _refused(session, may_send=signed is None),
            _sent_before(session, now, asks=asks),
            _not_taken(session, payments),
            pays_for_nothing(session),
        ],
        Status.PROCESSING: lambda: [_late_but_enough(session)],
        Status.COMPLETED: lambda: [_completed(session)],
        Status.EXPIRED: lambda: _over(session, payments, now, signed),
        Status.CANCELLED: lambda: _over(session, payments, now, signed),
    }[status]()


def ends_soon(session: CheckoutSession, *, now: datetime) -> Notice | None:
    """Of an open session: told once, while there is time to act, and told what becomes of what comes too late."""
    if not now < session.expires_at <= now + LAST_MINUTES:
        return None
    title = filled(_("The time to pay ends at %(time)s"), {"time": time_here(session.expires_at)})
    if not hasattr(session, "deposit"):
        return Notice(tone="warn", title=title, text=_("After that nothing can be paid here, and nothing was charged."))
    return Notice(tone="warn", title=title, text=_what_arrives_later(session))


def _over(
    session: CheckoutSession, payments: Sequence[Payment], now: datetime, signed: Authorization | None
) -> list[Notice | None]:
    refusal, sent_before = _refused(session, may_send=False), _sent_before(session, now, asks=False)
    if sent_before and now < session.watch_until:
        sent_before = replace(sent_before, text=joined([sent_before.text, _what_arrives_later(session)]))
    return [_signed(signed, now, is_over=True), refusal, sent_before, _ended(session, payments, sent_before)]


def _what_arrives_later(session: CheckoutSession) -> Sentence:
    late = _("What arrives later is not lost: we look at the address until %(until)s, and what arrives is credited.")
    return filled(late, {"until": moment_here(session.watch_until)})


def _order_paid(session: CheckoutSession, payments: Sequence[Payment]) -> Notice:
    there = any(payment.counts and not payment.vanished_at for payment in payments)
    arrived = money_text(came(facts_of(session)), session.currency)  # also what has gone back since
    title = (
        filled(_("%(arrived)s %(currency)s arrived here as well"), _sums(session) | {"arrived": arrived})
        if there
        else _("Nothing is to be paid")
    )
    text = _("Another payment for the same order was enough. Please send nothing more. %(contact)s")
    contact = _contact(session)
    return Notice(tone="warn" if there else "good", title=title, text=filled(text, {"contact": contact}), is_news=there)


def _paused(session: CheckoutSession) -> Notice:
    contact = _contact(session)
    if not hasattr(session, "deposit"):
        return Notice(
            tone="info",
            title=_("Nothing was charged"),
            text=filled(_("Please do not pay here now. %(contact)s"), {"contact": contact}),
        )
    text = _(
        "Have you sent it already, to the address below? Then do nothing: it is watched until %(until)s, and what "
        "comes is credited. Otherwise please send nothing now. %(contact)s"
    )
    words = {"until": moment_here(session.watch_until), "contact": contact}
    arrived = received_value(session)
    title = (
        filled(_("%(arrived)s of %(price)s %(currency)s arrived"), _sums(session)) if arrived else _("Nothing is lost")
    )
    return Notice(tone="info", title=title, text=filled(text, words))


def _signed(under_way: Authorization | None, now: datetime, *, is_over: bool = False) -> Notice | None:
    if under_way is None:
        return None
    network = all_networks().get(under_way.network)
    about = {"asset": under_way.asset, "network": network.name if network else under_way.network}
    if under_way.valid_before > now and is_over:
        until = moment_here(under_way.valid_before)
        text = filled(
            _("It may still be sent until %(until)s: please do not pay in another way before."), {"until": until}
        )
    elif under_way.valid_before > now:
        text = filled(
            _(
                "It may still be sent until %(until)s: please do not pay in another way before. You can sign "
                "%(asset)s on %(network)s again with the same wallet: it is paid once."
            ),
            about | {"until": moment_here(under_way.valid_before)},
        )
    else:
        text = filled(
            _(
                "We have not seen yet on %(network)s whether it was sent. Please look in your wallet before you pay in "
                "another way."
            ),
            about,
        )
    return Notice(tone="warn", title=_("Your signed payment was handed over"), text=text)


def _gone(payments: Sequence[Payment]) -> Notice | None:
    if not any(p.vanished_at and p.counts for p in payments):
        return None
    return Notice(
        tone="warn",
        title=_("The payment that we had seen is gone"),
        text=_(
            "The network dropped it before it was final. Look in your wallet: if it failed or is missing there, "
            "your money has not left it and you can send again."
        ),
    )


def _refused(session: CheckoutSession, *, may_send: bool) -> Notice | None:
    if refused(session) is None:
        return None
    text = _("Nothing was paid, only the network’s fee.")
    if may_send:
        text = joined([text, _("You can send it again.")])
    return Notice(tone="warn", title=_("The network refused the payment"), text=text)


def _sent_before(session: CheckoutSession, now: datetime, *, asks: bool) -> Notice | None:
    """Before the same money is sent once more: what its buyer told us, which the page does not say by itself."""
    believed = announced(session, now=now) if asks else None
    said = believed or doubted(session, now=now)
    if said is None:
        return None
    title = filled(_("You told us that you sent it: %(at)s"), {"at": moment_here(said.at)})
    return Notice(tone="warn", title=title, text=look_first(said, is_believed=said is believed))


def _not_taken(session: CheckoutSession, payments: Sequence[Payment]) -> Notice | None:
    wrong = [p for p in payments if not p.counts and not p.vanished_at]
    if not wrong:
        return None
    return Notice(
        tone="warn",
        title=filled(_("%(asset)s arrived, which this shop does not take here"), {"asset": wrong[-1].asset}),
        text=filled(
            _("It is safe and on record, but does not pay for your order. %(contact)s"), {"contact": _contact(session)}
        ),
    )


def _late_but_enough(session: CheckoutSession) -> Notice | None:
    if session.issue != Issue.LATE:
        return None
    return Notice(
        tone="info",
        title=_("It came after the time was over, and it is enough"),
        text=_("You need not do anything: it counts as soon as it is final."),
    )


def _completed(session: CheckoutSession) -> Notice | None:
    if session.issue is None:
        return None
    issue = Issue(session.issue)
    if is_taken_back(facts_of(session)):
        return _reversed(session) if session.needs_decision else _given_up(session)
    if issue in {Issue.LATE, Issue.UNDERPAID} and has_gone_back(session):
        return None  # that it counts is no longer so, and the page says what is
    sums = _sums(session) | {"contact": _contact(session)}
    if issue == Issue.LATE:
        return Notice(
            tone="good",
            title=_("It came after the time was over, and it counts"),
            text=filled(_("%(shop)s has been told. You need not do anything."), {"shop": session.merchant.name}),
        )
    titles = {
        Issue.OVERPAID: _("%(excess)s %(currency)s more arrived than was due"),
        Issue.PAID_TWICE: _("You paid twice: another payment for the same order was enough")
        if session.order_paid_by
        else _("You paid twice: %(arrived)s instead of %(price)s %(currency)s arrived"),
        Issue.UNDERPAID: _("The shop took %(arrived)s of %(price)s %(currency)s as paid"),
        Issue.WRONG_ASSET: _("Something else arrived as well, which this shop does not take here"),
        Issue.REVERSED: _("The network had taken a payment back that had been final"),
    }
    tone: NoticeTone = "good" if issue == Issue.UNDERPAID or not session.needs_decision else "warn"
    return Notice(tone=tone, title=filled(titles[issue], sums), text=_what_now(session))


def _reversed(session: CheckoutSession) -> Notice:
    text = _(
        "Most likely the money is back in it. The shop has been told. Please pay again only when the shop asks you to. "
        "%(contact)s"
    )
    return Notice(tone="warn", title=_("Look in your wallet first"), text=filled(text, {"contact": _contact(session)}))


def _given_up(session: CheckoutSession) -> Notice:
    return Notice(tone="warn", title=_("Your order is not paid"), text=_what_now(session))


def _ended(session: CheckoutSession, payments: Sequence[Payment], sent_before: Notice | None) -> Notice | None:
    if any(not payment.vanished_at for payment in payments):
        tone: NoticeTone = "warn" if session.needs_decision else "info"
        return Notice(tone=tone, title=_("What now?"), text=_what_now(session), is_news=False)
    if sent_before or not hasattr(session, "deposit"):
        return None
    text = _("Then do nothing. We look at the address until %(until)s, and what arrives is credited.")
    until = moment_here(session.watch_until)
    return Notice(tone="info", title=_("Sent it already?"), text=filled(text, {"until": until}), is_news=False)


def _what_now(session: CheckoutSession) -> Sentence:
    if not session.needs_decision:
        return filled(_("The shop has dealt with it. %(contact)s"), {"contact": _contact(session)})
    return filled(
        _("The shop has been told and will decide what happens with it. %(contact)s"), {"contact": _contact(session)}
    )


def _contact(session: CheckoutSession) -> Sentence:
    support = support_for(session)
    if support.email:
        return filled(_("Questions? Write to %(email)s."), {"email": support.linked_email})
    return filled(_("Questions? Please ask %(shop)s."), {"shop": session.merchant.name})


def _sums(session: CheckoutSession) -> dict[str, str]:
    received = received_value(session)
    return {
        "arrived": money_text(received, session.currency),
        "excess": money_text(max(received - session.amount, Decimal(0)), session.currency),
        "price": money_text(session.amount, session.currency),
        "currency": session.currency,
    }

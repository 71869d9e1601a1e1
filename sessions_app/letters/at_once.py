"""Letters that are sent now or not at all: where shall money go back to, and the code for another address."""

from collections.abc import Callable
from datetime import datetime, timedelta

from merchants_app.mail.mails import Posted, deliver
from sessions_app.letters.about import About, names_of
from sessions_app.letters.content import Content, content_of
from sessions_app.letters.writing import compose
from sessions_app.models import AddressChange, CheckoutSession, Letter
from sessions_app.refunding.address import (
    CODE_HOLDS,
    AddressStands,
    begin_change,
    keep_code,
    leave_address,
    new_code,
)
from sessions_app.refunding.mails import NotMailed, are_many_codes_out, note_asked, refund_page_url, refuse_to_ask
from sessions_app.refunding.where import checked_refund_address
from sessions_app.sentences import filled, gettext
from sessions_app.status import LetterKind


def ask_by_mail(session: CheckoutSession, *, actor: str, now: datetime) -> None:
    """Asks where a refund shall go, at most once an hour and not too often; the link's page asks only that.

    The merchant says when. Raises `NothingToRefund`, `NotMailed`.
    """
    refuse_to_ask(session, now=now)
    about = About(letter=Letter(kind=LetterKind.REFUND_WHERE), session=session)
    posted = _mail(session, lambda: content_of(about))
    if posted == Posted.REFUSED:
        raise NotMailed(f"The mail server refuses to deliver to {session.email}. Send the link another way.")
    if posted != Posted.SENT:
        raise NotMailed("The mail server does not take letters now. Try again later, or send the link another way.")
    note_asked(session, actor=actor)


def name_address(session: CheckoutSession, address: str, *, now: datetime) -> AddressChange | None:
    """Keeps the first address and returns None; for another one mails a code and returns the change that waits for it.

    Raises `WrongRefund` naming what is wrong with the address, `NotMailed` when no code can be mailed now.
    """
    try:
        leave_address(session, address)
    except AddressStands:
        change = begin_change(session, checked_refund_address(session, address), now=now)
    else:
        return None
    code = new_code()
    try:
        _mail_code(session, change, code)
    except NotMailed:
        change.delete()
        raise
    keep_code(change, code)  # only now: what nobody was mailed cannot be guessed either
    return change


def _mail_code(session: CheckoutSession, change: AddressChange, code: str) -> None:
    if not session.email:
        raise NotMailed(
            gettext("Another address is proven by a letter, and the shop knows no e-mail address of yours: ask it.")
        )
    is_sent = not are_many_codes_out(change) and _mail(session, lambda: _code(change, code)) == Posted.SENT
    if not is_sent:
        raise NotMailed(gettext("The code could not be mailed, so the address stays as it is. Try again later."))


def _mail(session: CheckoutSession, content: Callable[[], Content]) -> Posted:
    return deliver(compose(session, content))


def _code(change: AddressChange, code: str) -> Content:
    names, minutes = names_of(change.session), CODE_HOLDS // timedelta(minutes=1)
    addresses = [(gettext("From now on"), change.address), (gettext("Until now"), change.former)]
    asks = gettext(
        "Somebody who has the address of your payment page wants a refund for %(item)s to go to another address. "
        "If that is you, type this code there."
    )
    not_you = gettext(
        "If it is not you, do nothing: without the code, all stays as it is. Tell the code nobody, %(shop)s will not "
        "ask you for it."
    )
    return Content(
        subject=filled(gettext("%(shop)s: the code for another refund address"), names),
        heading=gettext("Another refund address"),
        lines=(
            filled(asks, names),
            filled(gettext("A code holds for %(minutes)s minutes."), {"minutes": minutes}),
        ),
        facts=((gettext("Code"), code), *((name, address) for name, address in addresses if address)),
        link=(gettext("Change the address"), f"{refund_page_url(change.session)}?change={change.public_id}"),
        after=(filled(not_you, names),),
    )

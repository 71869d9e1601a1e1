"""A session takes the place of an unpaid one: whatever is sent to the former from then on is its own.

The shop asks for it while the former runs (another cart), the buyer once it is over (pay again).

The former's address goes to the successor. So late money counts for the order by all rules that money goes by, at the
price that holds now, and cannot complete two sessions. The rates that the former's buyer was promised go with it, and
the ways to pay that have been switched off since: nobody is asked for them any more, but what is sent there counts.

An address leads to one wallet for good. Where the business has given that one up, the former keeps its address, and
the successor gets its own: nobody is asked for money to the former, and what comes late is a late payment of the same
order (`orders.paid_once`).
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from merchants_app.models import off_in_both
from sessions_app.models import Announcement, Authorization, CheckoutSession, DepositAddress, Quote
from sessions_app.state.children import payments_of
from sessions_app.state.conflicts import money_on_its_way, signed_for
from sessions_app.state.creation_sql import open_session
from sessions_app.state.lifecycle import News, lock, reassess, supersede
from sessions_app.status import is_live


class NotOpened(Exception):
    """The session may not be made: another one has its reference by now, or its treasury was changed or is none."""


@transaction.atomic
def open_in_place_of(
    former: CheckoutSession, session: CheckoutSession, *, actor: str, renames_customer: bool, allow_repeat: bool
) -> CheckoutSession:
    """Ends the former and opens the session, as one.

    Raises `MoneyOnItsWay`, `SessionNotOpen`, `NotOpened`, and IntegrityError as `open_session` does.
    """
    _hold_address(former)
    picked = former.quote
    session.supersedes, session.buyer_language = former.public_id, former.buyer_language
    ended = supersede(former, by=session.public_id, actor=actor)
    if not open_session(session, actor=actor, renames_customer=renames_customer, allow_repeat=allow_repeat):
        raise NotOpened
    if not _leads_elsewhere(ended, session):
        _take_over_address(ended, session, picked)
    elif _is_signed_for(ended, session.created_at):
        raise signed_for(former)
    else:
        ended.quote = picked
        ended.save(update_fields=["quote"])
    return session


@transaction.atomic
def open_after(
    former: CheckoutSession,
    session: CheckoutSession,
    *,
    actor: str,
    is_awaited: Callable[[CheckoutSession], bool] = lambda _ended: False,
) -> CheckoutSession:
    """Opens the session in the place of one that ended without money; answers the one that was opened for it before.

    `is_awaited` is asked under the lock whether money that nobody has seen may be on its way to the one that ended.
    Raises `MoneyOnItsWay`, `NotOpened`, and IntegrityError as `open_session` does.
    """
    _hold_address(former)
    ended = lock(former.pk)
    if ended.superseded_by:
        return CheckoutSession.objects.get(public_id=ended.superseded_by)
    if is_live(ended.status) or payments_of(ended) or is_awaited(ended):
        raise money_on_its_way(ended)
    session.supersedes, session.buyer_language = ended.public_id, ended.buyer_language
    if not open_session(session, actor=actor, renames_customer=False) or _leads_elsewhere(ended, session):
        raise NotOpened
    CheckoutSession.objects.filter(pk=session.pk).update(payment_link=ended.payment_link_id)
    ended.superseded_by, ended.quote = session.public_id, None
    ended.save(update_fields=["superseded_by", "quote"])
    reassess(ended.pk, News(reason=f"Paid again: {session.public_id} has its place.", actor=actor, noted=True))
    _take_over_address(ended, session, None)
    return session


def _hold_address(former: CheckoutSession) -> None:
    """First the address, then the session, as the watcher does: what it is storing for it is seen then, or waits."""
    DepositAddress.objects.select_for_update().filter(session=former).first()


def _leads_elsewhere(former: CheckoutSession, session: CheckoutSession) -> bool:
    """Whether what is sent to the former goes to another wallet than the one in force."""
    return former.treasury_id != session.treasury_id and DepositAddress.objects.filter(session=former).exists()


def _is_signed_for(former: CheckoutSession, now: datetime) -> bool:
    """Whether a signature may still move a buyer's money to it."""
    return Authorization.objects.filter(session=former, over_at=None, valid_before__gt=now).exists()


def _take_over_address(former: CheckoutSession, session: CheckoutSession, picked: Quote | None) -> None:
    deposit = DepositAddress.objects.filter(session=former).first()
    if deposit is None:
        return
    deposit.session, deposit.made_for = session, deposit.made_for or former.public_id
    deposit.watch_until = max(deposit.watch_until, session.watch_until)
    deposit.save(update_fields=["session", "made_for", "watch_until"])
    is_on = bool(picked and session.takes(asset=picked.asset, network=picked.network))
    session.ways_off = off_in_both(former.ways_off, session.ways_off)
    Authorization.objects.filter(session=former).update(session=session)
    Announcement.objects.filter(session=former).update(session=session)
    if former.currency == session.currency:
        Quote.objects.filter(session=former).update(session=session)
        if is_on and former.amount == session.amount:
            session.quote = picked
    session.save(update_fields=["ways_off", "quote"])

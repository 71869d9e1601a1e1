"""A session takes the place of an unpaid one of its reference: whatever is sent to the former from then on is its own.

The former's address goes to the successor. So late money counts for the order by all rules that money goes by, at the
price that holds now, and cannot complete two sessions. The rates that the former's buyer was promised go with it.
"""

from django.db import transaction

from sessions_app.models import Announcement, CheckoutSession, DepositAddress, Quote
from sessions_app.state.creation_sql import open_session
from sessions_app.state.lifecycle import supersede


class NotOpened(Exception):
    """The session may not be made: another one has its reference by now, or there is no treasury."""


@transaction.atomic
def open_in_place_of(
    former: CheckoutSession, session: CheckoutSession, *, actor: str, renames_customer: bool, allow_repeat: bool
) -> CheckoutSession:
    """Ends the former and opens the session, as one.

    Raises `MoneyOnItsWay`, `SessionNotOpen`, `NotOpened`, and IntegrityError as `open_session` does.
    """
    # First the address, then the session, as the watcher does: what it is storing for it is seen here, or waits.
    DepositAddress.objects.select_for_update().filter(session=former).first()
    picked = former.quote
    session.supersedes = former.public_id
    ended = supersede(former, by=session.public_id, actor=actor)
    if not open_session(session, actor=actor, renames_customer=renames_customer, allow_repeat=allow_repeat):
        raise NotOpened
    _take_over_address(ended, session, picked)
    return session


def _take_over_address(former: CheckoutSession, session: CheckoutSession, picked: Quote | None) -> None:
    deposit = DepositAddress.objects.filter(session=former).first()
    if deposit is None:
        return
    deposit.session, deposit.made_for = session, deposit.made_for or former.public_id
    deposit.watch_until = max(deposit.watch_until, session.watch_until)
    deposit.save(update_fields=["session", "made_for", "watch_until"])
    # What comes there can go to that treasury only.
    session.treasury_id = former.treasury_id
    if former.currency == session.currency:
        Quote.objects.filter(session=former).update(session=session)
        if picked and former.amount == session.amount and session.takes(asset=picked.asset, network=picked.network):
            session.quote = picked
            Announcement.objects.filter(session=former).update(session=session)
    session.save(update_fields=["treasury", "quote"])

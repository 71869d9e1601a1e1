"""A buyer's word that they have sent a payment: kept for their own page, believed by nothing else."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext

from chains_app.networks.networks import all_networks
from sessions_app.errors import NotATransaction, OptionUnavailable
from sessions_app.models import (
    ASKED_FOR_AGAIN,
    BY_WALLET,
    FOR_GOOD,
    NEVER_PAYS,
    REPLACED,
    Announcement,
    CheckoutSession,
    Fate,
    Quote,
    has_become,
)
from sessions_app.state.children import payments_of
from sessions_app.status import Status

# So long the page says "sent" of what nobody but its buyer knows: exchanges may take an hour (`look/pay`), wallets
# seconds. After that it asks for the payment again, which by then is the likelier truth.
BELIEVED = timedelta(hours=1)
# And so long of what the network's nodes have in no block yet, with too low a fee, say: who pays once more has paid
# twice. By then the nodes have forgotten what pays so little.
WAITS = timedelta(days=7)
_HASH = re.compile(r"0x[0-9a-f]{64}")
# A wallet's window may be open while the session ends: what its buyer agrees to a moment later is on its way as well.
AWAITED = frozenset({Status.OPEN, Status.EXPIRED, Status.CANCELLED})


def announce(session: CheckoutSession, *, tx_hash: str, amount: str, now: datetime, network: str = "") -> None:
    """Notes that the buyer sent `amount`. tx_hash: empty: an exchange sends it; `BY_WALLET`: a wallet that has none.

    `network` is where it was sent, that of the quote in force without it. The last word counts. Does nothing once the
    session is paid, or another one has its place. Raises `NotATransaction`, and `OptionUnavailable` while nothing was
    picked.
    """
    tx_hash = _checked(tx_hash)
    if session.status not in AWAITED or session.superseded_by:
        return
    network = network or (session.quote.network if session.quote else "")
    if not network:
        raise OptionUnavailable(gettext("Choose first what to pay with."))
    told = {"network": network, "amount": amount, "tx_hash": tx_hash, "at": now}
    Announcement.objects.update_or_create(session=session, defaults=told)


def asked_for(sessions: Sequence[CheckoutSession], *, chain_id: str) -> Quote | None:
    """What the buyer sends for, of sessions that followed each other, on that chain if one is named.

    The quote in force, as a rule. But while a wallet's window, or a page, was open another session may have taken the
    place, with another price or none yet: then what they were asked for last.
    """
    in_force = sessions[-1].quote
    here = [network.id for network in all_networks().values() if chain_id and str(network.chain_id) == chain_id]
    if in_force and (not here or in_force.network in here):
        return in_force
    if not here and len(sessions) == 1:
        return None
    given = Quote.objects.filter(session__in=sessions).order_by("-id")
    return (given.filter(network__in=here) if here else given).first() or in_force


def take_back(session: CheckoutSession, *, tx_hash: str, fate: Fate = Fate.TAKEN_BACK) -> None:
    """The buyer's wallet could not send what it said to have sent, or found on the chain that it paid nothing, or that
    another transaction has its place (`SET_ASIDE`).

    Only of that transaction, should another have been told of since; and what the nodes know for good stands. Raises
    `NotATransaction`.
    """
    tx_hash = _checked(tx_hash)
    said = Announcement.objects.filter(session=session, tx_hash=tx_hash)
    if tx_hash == BY_WALLET:
        said.delete()
    elif tx_hash:
        told = said.exclude(has_become(FOR_GOOD))
        if fate == Fate.SET_ASIDE:  # beside what the nodes say, who may wait for it still
            told.update(set_aside=tx_hash)
            told.filter(fate=Fate.TAKEN_BACK, fate_of=tx_hash).update(fate="")
        # The number that the nodes have told stays: by it they notice for good that another has its place.
        elif not told.filter(fate_of=tx_hash).update(fate=fate):
            told.update(fate=fate, fate_of=tx_hash, sender="", nonce=None)


def announced(session: CheckoutSession, *, now: datetime) -> Announcement | None:
    """What is said to be on its way and has not been seen yet; None when there is nothing, or for too long already.

    Without further query when `announcement` was selected with the session.
    """
    said = _under_way(session)
    return said if said and now <= believed_until(session, said) else None


def doubted(session: CheckoutSession, *, now: datetime) -> Announcement | None:
    """The same of what was said too long ago: its buyer is asked for it again, and may have sent it all the same."""
    said = _under_way(session)
    return said if said and now > believed_until(session, said) else None


def refused(session: CheckoutSession) -> Announcement | None:
    """What the network undid of it: it paid nothing, nothing has come since, and its buyer may send again."""
    said = _unseen(session)
    return said if said and said.known_fate in ASKED_FOR_AGAIN else None


def believed_until(session: CheckoutSession, said: Announcement) -> datetime:
    """For how long the page says "sent": while the nodes know it and its address is watched, else for an hour.

    Also where its wallet says that it was replaced: of two that wait, either one may pay.
    """
    usual = said.at + BELIEVED
    return min(said.at + WAITS, max(session.watch_until, usual)) if said.waits else usual


def _under_way(session: CheckoutSession) -> Announcement | None:
    said = _unseen(session)
    return None if said is None or said.known_fate in ASKED_FOR_AGAIN else said


def _unseen(session: CheckoutSession) -> Announcement | None:
    said: Announcement | None = getattr(session, "announcement", None)
    if said is None:
        return None
    seen = payments_of(session)
    if said.known_hash and any(payment.tx_hash == said.known_hash for payment in seen):
        return None
    # Of another hash is what an exchange sent, and what a wallet has sent in the place of what it told.
    is_of_another = not said.known_hash or said.known_fate in NEVER_PAYS | ASKED_FOR_AGAIN | REPLACED
    return None if is_of_another and any(payment.seen_at >= said.at for payment in seen) else said


def _checked(tx_hash: str) -> str:
    tx_hash = tx_hash.strip().lower()
    if tx_hash not in {"", BY_WALLET} and not _HASH.fullmatch(tx_hash):
        raise NotATransaction(
            gettext("A transaction's hash is 0x and 64 digits from 0 to f. Your wallet shows it beside the payment."),
            attr="tx_hash",
        )
    return tx_hash

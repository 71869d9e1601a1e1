"""Asks the network what became of the transactions that buyers' pages were told of and that nobody has seen as money.

It makes no session paid and none unpaid: the page alone looks at it, so that it says what is so.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from chains_app.calls.transactions import Standing, counts_of, standings_of
from chains_app.networks.networks import Network
from chains_app.reading.scanning import position
from sessions_app.models import BY_WALLET, Announcement, Fate, Payment
from sessions_app.paying.announcing import AWAITED, BELIEVED

# What goes as usual is seen before, and nothing is asked about it.
SEEN_WITHIN = timedelta(seconds=10)
# Transactions that one look asks for: others each time, so that nobody's made-up ones keep the rest waiting for ever.
MOST_ASKED = 50
_FOR_GOOD = (Fate.DONE, Fate.REVERTED, Fate.REPLACED)


def follow_announced(network: Network) -> None:
    """Notes what the nodes say. Nothing is asked while nothing is awaited. Raises ReaderUnavailable, WrongChain."""
    waiting, at = _waiting(network, timezone.now()), position(network)
    if not waiting or at is None:
        return
    # Of blocks that were read and are as deep as a payment of some size has to be: whatever they paid is seen by now.
    upto = at.number - network.confirmations.normal + 1
    standings = standings_of(network, sorted({said.tx_hash for said in waiting}), upto=upto)
    gone = sorted({said.sender for said in waiting if said.nonce is not None and standings[said.tx_hash] is None})
    counts = counts_of(network, gone, at=max(upto, 0))
    for said in waiting:
        standing = standings[said.tx_hash]
        _note(said, _fate_of(said, standing, counts.get(said.sender, 0)), standing)


def _waiting(network: Network, now: datetime) -> list[Announcement]:
    seen = Payment.objects.filter(session=OuterRef("session"), tx_hash=OuterRef("tx_hash"))
    said = Announcement.objects.filter(
        ~Exists(seen),
        network=network.id,
        at__gt=now - BELIEVED,
        at__lte=now - SEEN_WITHIN,
        session__status__in=AWAITED,
        session__deposit__isnull=False,
    )
    told = said.exclude(tx_hash__in=("", BY_WALLET)).exclude(fate__in=_FOR_GOOD)
    return list(told.select_related("session__deposit").order_by("?")[:MOST_ASKED])


def _fate_of(said: Announcement, standing: Standing | None, sent_since: int) -> Fate:
    """Given up is only what can never pay any more. `sent_since`: how many its sender has sent for good."""
    if standing is None:
        return Fate.REPLACED if said.nonce is not None and sent_since > said.nonce else Fate.UNKNOWN
    if standing.block is None:
        return Fate.WAITING
    # What failed and is no plain payment to this address may be brought once more by somebody else than its buyer.
    if standing.has_succeeded or standing.pays != said.session.deposit.address:
        return Fate.DONE
    return Fate.REVERTED


def _note(said: Announcement, fate: Fate, standing: Standing | None) -> None:
    """Unless the buyer has told of another one meanwhile; a row that stays as it is makes no page anew."""
    before = (said.fate, said.sender, said.nonce)
    said.fate = fate
    if standing:
        said.sender, said.nonce = standing.sender, standing.nonce
    if (said.fate, said.sender, said.nonce) != before:
        same = Announcement.objects.filter(pk=said.pk, tx_hash=said.tx_hash)
        same.update(fate=said.fate, sender=said.sender, nonce=said.nonce)

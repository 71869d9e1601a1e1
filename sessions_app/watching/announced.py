"""Asks the network what became of the transactions that buyers' pages were told of and that nobody has seen as money.

It makes no session paid and none unpaid. The page looks at it, so that it says what is so; and where another session
has paid the order, this one need not stay open for what can never pay (`state/expiry.py`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from chains_app.calls.transactions import Standing, counts_of, standings_of
from chains_app.networks.networks import Network
from chains_app.reading.scanning import position
from sessions_app.models import BY_WALLET, FOR_GOOD, Announcement, Fate, Payment, has_become
from sessions_app.paying.announcing import AWAITED, BELIEVED, WAITS

# What goes as usual is seen before, and nothing is asked about it.
SEEN_WITHIN = timedelta(seconds=10)
# Transactions that one look asks for, of so many that were told lately, and long ago. The next look goes on after them,
# so that nobody's made-up ones keep another's waiting for ever.
MOST_ASKED = 50
MOST_LOOKED_AT = 5000
# What waits for more than an hour is asked about again after so long.
_PAUSE_SECONDS = 60


def follow_announced(network: Network) -> None:
    """Notes what the nodes say. Nothing is asked while nothing is awaited. Raises ReaderUnavailable, WrongChain."""
    waiting, at = _waiting(network, timezone.now()), position(network)
    if not waiting or at is None:
        return
    # Of blocks that were read and are as deep as a payment of some size has to be: whatever they paid is seen by now.
    upto = at.number - network.confirmations.normal + 1
    standings = standings_of(network, sorted({said.tx_hash for said in waiting}), upto=upto)
    for said in waiting:
        standing = standings[said.tx_hash]
        _note(said, _fate_of(said, standing), standing)
    gone = [said for said in waiting if standings[said.tx_hash] is None]
    _note_replaced(network, gone, upto=max(upto, 0))


def _waiting(network: Network, now: datetime) -> list[Announcement]:
    """What was told within the hour; once a minute what was told before, too, while it may still arrive.

    Also of what no node has known by then: the nodes may have been away, or the fee too low for them.
    """
    lately, read = _in_turn(network, "lately", since=now - BELIEVED, until=now - SEEN_WITHIN)
    if not cache.add(f"following-long-ago:{network.id}", True, _PAUSE_SECONDS):
        return lately
    watched = Q(session__watch_until__gt=now)
    long_ago, read_too = _in_turn(network, "long-ago", watched, since=now - WAITS, until=now - BELIEVED)
    _note_paid([*read, *read_too])
    return lately + long_ago


def _in_turn(
    network: Network, which: str, *of: Q, since: datetime, until: datetime
) -> tuple[list[Announcement], list[int]]:
    """Those to ask about of what was told in this time, and all that were read for it."""
    kept = f"asked-about:{which}:{network.id}"
    after = max(cache.get(kept, since), since)
    told = _told(network, since=since, after=after, until=until)
    awaited = _awaited(list(told), after, *of)
    if told:
        last = awaited[-1].pk if len(awaited) == MOST_ASKED else next(reversed(told))
        cache.set(kept, told[last])
    return awaited, list(told)


def _told(network: Network, *, since: datetime, after: datetime, until: datetime) -> dict[int, datetime]:
    """When each was, from `after` on, and then from the start.

    By themselves, as an index has them: PostgreSQL takes them for many, and would read all sessions beside them.
    """
    told = Announcement.objects.filter(network=network.id, at__gt=since, at__lte=until)
    told = told.exclude(tx_hash__in=("", BY_WALLET)).exclude(has_become(FOR_GOOD)).order_by("at", "pk")
    rows = told.values_list("pk", "at")
    later = list(rows.filter(at__gt=after)[:MOST_LOOKED_AT])
    return dict([*later, *rows.filter(at__lte=after)[: MOST_LOOKED_AT - len(later)]])


def _awaited(told: Sequence[int], after: datetime, *of: Q) -> list[Announcement]:
    seen = Payment.objects.filter(session=OuterRef("session"), tx_hash=OuterRef("tx_hash"))
    awaited = Announcement.objects.filter(
        *of, ~Exists(seen), pk__in=told, session__status__in=AWAITED, session__deposit__isnull=False
    )
    is_next_round = ExpressionWrapper(Q(at__lte=after), output_field=BooleanField())
    return list(awaited.select_related("session__deposit").order_by(is_next_round, "at", "pk")[:MOST_ASKED])


def _note_paid(told: Sequence[int]) -> None:
    """What went as usual, and no node was asked about: from then on no look reads it any more."""
    paid = Payment.objects.filter(
        session=OuterRef("session"), tx_hash=OuterRef("tx_hash"), confirmed_at__isnull=False, vanished_at=None
    )
    seen = Announcement.objects.filter(Exists(paid), pk__in=told).exclude(has_become(FOR_GOOD))
    seen.update(fate=Fate.DONE, fate_of=F("tx_hash"))


def _fate_of(said: Announcement, standing: Standing | None) -> Fate:
    """Given up is only what can never pay any more."""
    is_its_buyers = _is_its_buyers(said, standing)
    if standing is None or standing.block is None:
        if said.known_fate == Fate.TAKEN_BACK and is_its_buyers:  # of what is theirs their wallet may know more
            return Fate.TAKEN_BACK
        return Fate.WAITING if standing else Fate.UNKNOWN
    return Fate.DONE if standing.has_succeeded or not is_its_buyers else Fate.REVERTED


def _is_its_buyers(said: Announcement, standing: Standing | None) -> bool:
    """What is no plain payment to this address may be brought once more by somebody else than its buyer."""
    return standing is None or standing.pays == said.session.deposit.address


def _note_replaced(network: Network, gone: list[Announcement], *, upto: int) -> None:
    """Of those that no node knows any more: whose sender has sent another one of the same number, for good."""
    senders = {sender for sender, nonce in (said.place for said in gone) if nonce is not None}
    counts = counts_of(network, sorted(senders), at=upto)
    for said in gone:
        sender, nonce = said.place
        if nonce is not None and counts.get(sender, 0) > nonce:
            _note(said, Fate.REPLACED, None)


def _note(said: Announcement, fate: Fate, standing: Standing | None) -> None:
    """Unless the page was told something meanwhile; a row that stays as it is makes no page anew."""
    sender, nonce = (standing.sender, standing.nonce) if standing else said.place
    set_aside = said.set_aside if _is_its_buyers(said, standing) else ""
    known = {"fate": fate, "fate_of": said.tx_hash, "sender": sender, "nonce": nonce, "set_aside": set_aside}
    read = {name: getattr(said, name) for name in known}
    if known != read:
        same = Announcement.objects.filter(pk=said.pk, tx_hash=said.tx_hash, at=said.at, **read)
        same.update(**known)
        for name, value in known.items():
            setattr(said, name, value)

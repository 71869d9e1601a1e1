"""Looks for a session's money again, on all networks of its mode, however long ago its end is.

What an address holds says on most networks at once that nothing is missing. Only where something is, or where money
may have left the address, its blocks are read: the newest first, until what is missing is explained.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from math import inf
from typing import NamedTuple

from django.db.models import QuerySet, Sum
from django.utils import timezone

from chains_app.calls.search import Search
from chains_app.evm.deadline_client import deadline
from chains_app.networks.networks import Network, enabled_networks
from chains_app.reading.reader import Doubt, ReaderUnavailable, WrongChain
from chains_app.reading.scanning import CursorMoved, Position, position
from chains_app.reading.set_aside import set_aside
from common.money import amount_text
from sessions_app.models import CheckoutSession, Payment
from sessions_app.watching.found_late import store

# Chains' clocks differ from ours.
_EARLIER = timedelta(minutes=10)
TOKEN_BLOCKS, _COIN_BLOCKS = 50_000, 500
# Blocks that are read in full, where the coin's former balances cannot be asked for.
MOST_FULL_BLOCKS = 5_000


class Outcome(NamedTuple):
    """Payments found on a network that nobody had seen, and a sentence about it."""

    found: int
    said: str


def look(session: CheckoutSession, *, seconds: float = inf) -> list[Outcome]:
    """What is found is stored and counted. Takes no longer than so many seconds.

    One that is slow keeps no other from being looked at: each has its share of what is left. Those whose share was too
    small go on with what the others left over.
    """
    ends_at = time.monotonic() + seconds
    looks = going_on = [Look(network, session) for network in enabled_networks(session.mode)]
    while going_on:
        for before, each in enumerate(going_on):
            each.go_on((ends_at - time.monotonic()) / (len(going_on) - before))
        going_on = [each for each in going_on if each.is_cut_short and time.monotonic() < ends_at]
    return [each.outcome() for each in looks]


class Look:
    """On one network."""

    def __init__(self, network: Network, session: CheckoutSession) -> None:
        self._network, self._session = network, session
        self._owner_may_spend = session.deposit.derivation_index is not None
        self._known = frozenset(_to_address(network, session).values_list("pk", flat=True))
        self._read_from: dict[str, int] = {}  # down to which block, by what was looked for
        self._ends_at = inf
        self._said = ""
        self.is_cut_short = False

    def go_on(self, seconds: float) -> None:
        """Takes no longer than that, whatever the nodes do: then it is cut short."""
        self._ends_at, self.is_cut_short = time.monotonic() + seconds, False
        self._search = Search(self._network, self._session.deposit.address)  # whose nodes nobody was impatient with
        try:
            with deadline(seconds):
                self._said = self._all()
        except (ReaderUnavailable, WrongChain) as problem:
            self._said = self._cut_short() if self._is_over else f"could not be read: {problem}"
        except CursorMoved:
            self._said = "its newest blocks are just being replaced; look again in a minute"

    def outcome(self) -> Outcome:
        """Of all that it did."""
        new = _to_address(self._network, self._session).exclude(pk__in=self._known)
        found = Counter(new.order_by("session").values_list("session__public_id", flat=True))
        told = " and ".join(_payments(number, whose, self._session) for whose, number in found.items())
        return Outcome(found.total(), f"{self._network.name}: {told or self._said or 'nothing new'}.")

    @property
    def _is_over(self) -> bool:
        return time.monotonic() >= self._ends_at

    def _cut_short(self) -> str:
        self.is_cut_short = True
        read = f"looked back to block {max(self._read_from.values())} only" if self._read_from else ""
        command = f"`manage.py look {self._session.public_id}` takes its time"
        return f"{read or 'could not be read in time'}; {command}"

    def _all(self) -> str:
        """What is to be said of it beside what was found; nothing, mostly."""
        at = position(self._network)
        if at is None:
            return "it was never read"
        held = self._search.held(at.number)
        if held is None or held.has_code or self._owner_may_spend:
            wanted = dict.fromkeys(self._network.assets, 0)  # balances do not tell what came and went
        else:
            wanted = held.units
            if not self._missing(wanted):
                return ""
        balances_tell = wanted is (held.units if held else None)
        since = self._session.deposit.created_at - _EARLIER
        first = max(1, self._search.first_block_since(since, upto=at.number))
        coin = self._network.native.symbol if self._network.native else ""
        tokens = {asset: units for asset, units in wanted.items() if asset != coin}
        said = self._read(tokens, first, at, TOKEN_BLOCKS, balances_tell=balances_tell) if tokens else ""
        if coin in wanted and not self.is_cut_short:
            said += self._coin({coin: wanted[coin]}, first, at, balances_tell=balances_tell)
        return said

    def _coin(self, wanted: dict[str, int], first: int, at: Position, *, balances_tell: bool) -> str:
        if balances_tell and not self._missing(wanted):
            return ""
        if not self._owner_may_spend and self._search.keeps_balances(first - 1):
            return self._read(wanted, first, at, at.number - first + 1, balances_tell=balances_tell)
        shortest = max(first, at.number - MOST_FULL_BLOCKS + 1)
        said = self._read(wanted, shortest, at, _COIN_BLOCKS, balances_tell=balances_tell)
        if shortest > first and (not balances_tell or self._missing(wanted)):
            said += (
                f" {next(iter(wanted))} was looked for from block {shortest} on only, since no node tells former "
                f"balances: `manage.py rescan --network {self._network.id} --from …` reads other blocks"
            )
        return said

    def _read(self, wanted: dict[str, int], first: int, at: Position, width: int, *, balances_tell: bool) -> str:
        """Backwards, until what is missing is explained."""
        what = " ".join(wanted)
        upto = self._read_from.setdefault(what, at.number + 1) - 1
        for begin, end in _backwards(first, upto, width):
            if balances_tell and not self._missing(wanted):
                return ""
            if self._is_over:
                return self._cut_short()
            doubts: list[Doubt] = []
            assets = self._missing(wanted) if balances_tell else wanted
            found = self._search.transfers(assets, begin, end, owner_may_spend=self._owner_may_spend, doubts=doubts)
            store(self._network, found, at=at)
            set_aside(self._network, doubts, timezone.now())
            self._read_from[what] = begin
        missing = self._missing(wanted) if balances_tell else {}
        named = ", ".join(f"{amount_text(units, self._network.assets[each].decimals)} {each}"
                          for each, units in missing.items())  # fmt: skip
        return f"{named} is there, and no block that was read says since when" if named else ""

    def _missing(self, held: dict[str, int]) -> dict[str, int]:
        """What of it no payment explains that we know and nobody collected."""
        to_it = Payment.objects.filter(session__deposit__address=self._session.deposit.address)
        known = to_it.filter(network=self._network.id, vanished_at=None, collected_at=None)
        sums = dict(known.values_list("asset").annotate(units=Sum("amount_units")).order_by())
        return {asset: units - int(sums.get(asset, 0)) for asset, units in held.items() if units > sums.get(asset, 0)}


def _backwards(first: int, last: int, width: int) -> Iterator[tuple[int, int]]:
    for end in range(last, first - 1, -width):
        yield max(first, end - width + 1), end


def _to_address(network: Network, session: CheckoutSession) -> QuerySet[Payment]:
    """What is known to have come there, for whomever."""
    to_it = Payment.objects.filter(session__deposit__address=session.deposit.address)
    return to_it.filter(network=network.id, vanished_at=None)


def _payments(number: int, whose: str, session: CheckoutSession) -> str:
    found = f"{number} payment{'' if number == 1 else 's'} found"
    return found if whose == session.public_id else f"{found} for {whose}, which had the address when it came"

"""What is so in this installation at one moment, with the limits that it should keep. Said in one place for `/readyz`,
`/metrics`, the operators' first page and `manage.py doctor`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet
from django.utils import timezone

from chains_app.calls.known_limits import DISTRUSTED_FOR
from chains_app.models import Provider, RateSheet, ScanCursor
from chains_app.networks.networks import Network, enabled_networks
from chains_app.rates.asking import sources_of
from chains_app.rates.rules import MAX_AGE
from chains_app.reading.health import NOTICED_AFTER
from chains_app.reading.set_aside import with_waiting
from checkout_project.errors.outage import is_outage
from checkout_project.facts.database import Database, look_at_database
from checkout_project.facts.queued import Queued, look_at_queued
from checkout_project.jobs.jumps import CLOCK, Jump
from checkout_project.jobs.pulses import Pulse
from common import replica
from common.database import fetch
from common.modes import Mode
from merchants_app.held import why_held
from sessions_app.models import CheckoutSession, Letter
from webhooks_app.models import Delivery
from webhooks_app.queue.oldest import oldest_waiting

# A worker reads each network once a minute at least; a message leaves, or has failed once, within one.
READ_WITHIN = timedelta(seconds=90)
# Nothing new for so long, or for five blocks where those take longer, and a node stands still or lags. It is given up,
# and its network not offered, much later (`chains_app/evm/nodes.py`).
NEW_BLOCK_WITHIN, _BLOCKS_MISSED = timedelta(minutes=1), 5
TOLD_WITHIN = timedelta(minutes=1)
DONE_WITHIN = timedelta(minutes=1)  # by jobs: sessions ended, letters sent
# What waits is counted so far, so that who asks again and again waits for milliseconds.
MOST_COUNTED = 100_000
# Prices, ends and keys go by the clocks of several machines.
CLOCKS_APART = timedelta(seconds=2)
_COUNTED = f"""
SELECT
    (SELECT count(*) FROM (
        SELECT FROM {CheckoutSession._meta.db_table}
        WHERE status = 'open' AND expires_at < %(late)s::timestamptz AND stands_still_since IS NULL LIMIT {MOST_COUNTED}
    ) AS overdue),
    (SELECT count(*) FROM (
        SELECT FROM {Letter._meta.db_table}
        WHERE outcome = '' AND (tries > 0 OR due_at < %(late)s::timestamptz) LIMIT {MOST_COUNTED}
    ) AS not_sent)
"""  # noqa: S608  (names of our own)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFacts:
    """How far a network is read, and by whose word."""

    network: Network
    cursor: ScanCursor | None
    lag: float | None  # seconds since it was read to its end; None: never
    unread: float  # seconds since it cannot be read; 0: it can
    providers: Sequence[Provider]
    failing: int  # of the providers, lately
    liars: Sequence[Provider]  # those whose answers proved wrong within the hour
    set_aside: int

    @property
    def answering(self) -> int:
        """How many of the providers do."""
        return len(self.providers) - self.failing

    @property
    def is_late(self) -> bool:
        """Whether payments on it are seen later than they should be."""
        is_unread = self.unread >= NOTICED_AFTER.total_seconds()
        return is_unread or self.lag is None or self.lag > READ_WITHIN.total_seconds()

    @property
    def head_age(self) -> float | None:
        """Seconds that its newest block was old when a node was last asked for it; None: none was."""
        if self.cursor is None or self.cursor.head_at is None or self.cursor.scanned_at is None:
            return None
        return max(0.0, (self.cursor.scanned_at - self.cursor.head_at).total_seconds())

    @property
    def stands_still(self) -> bool:
        """Whether it is read, and what is read is old."""
        return not self.is_late and self.head_age is not None and is_block_old(self.network, self.head_age)

    @property
    def clock_by_nodes(self) -> str:
        """`ahead` or `behind`, where it cannot be read, and each node that fails seems to find ours so."""
        return self.cursor.clock if self.cursor and self.unread else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """A source of rates."""

    name: str
    age: float | None  # seconds since what it said last; None: nothing in the newest sheet
    problem: str

    @property
    def is_old(self) -> bool:
        """Whether nothing is priced by it any more."""
        return self.age is None or self.age > MAX_AGE.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What our tables say."""

    networks: Sequence[NetworkFacts]
    oldest: Delivery | None  # the oldest message that an endpoint in use has not got
    untold: float  # its age in seconds; 0 without one
    overdue: int  # open sessions past their end
    letters: int  # to buyers, that a try did not send, or that nobody has tried
    sources: Sequence[SourceFacts]  # of rates; none while no live network is on
    held: str  # why nothing is sent from here; empty: it is
    replica: str | None  # why it is of no use, in a word; empty: it is; None: there is none

    @property
    def rates_age(self) -> float | None:
        """Seconds since a source said something; None: none ever did, or nobody is asked."""
        return min((each.age for each in self.sources if each.age is not None), default=None)

    @property
    def clock_by_nodes(self) -> str:
        """`ahead` or `behind`, where all nodes of all live networks seem to find ours so. Empty: they do not."""
        said = [each.clock_by_nodes for each in self.networks if each.network.mode == Mode.LIVE]
        return said[0] if len(said) > 1 and len(set(said)) == 1 else ""

    @property
    def is_told_late(self) -> bool:
        """Whether a shop waits for longer than a message takes."""
        return self.untold > TOLD_WITHIN.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All of it."""

    now: datetime
    database: Database
    stored: Stored | None  # None: the tables cannot be asked
    queued: Queued | None  # None: Redis is away
    jumped: Jump | None = None  # this process's clock, within the hour

    @property
    def heard(self) -> Queued | None:
        """By which workers and beats are judged. None: nobody can say, as Redis takes nothing from them."""
        return self.queued if self.queued and not self.queued.refusal else None

    def alive(self) -> list[Pulse]:
        """Workers and beats that said so lately."""
        found = [*self.queued.workers, *self.queued.beats] if self.queued else []
        return [each for each in found if each.is_alive]

    def clocks(self) -> Iterator[tuple[str, float]]:
        """Whose clock is how many seconds ahead of the database's, as far as anybody can say."""
        ours = self.database.ahead
        if ours is None:
            return
        yield "this process", ours
        for each in self.alive():
            assert self.queued
            yield f"{each.kind} {each.name}", each.ahead - self.queued.ahead + ours

    def jumps(self) -> Iterator[tuple[str, Jump]]:
        """Whose clock jumped within the hour, and how far."""
        if self.jumped:
            yield "this process", self.jumped
        for each in self.alive():
            if each.jumped:
                yield f"{each.kind} {each.name}", each.jumped

    def wrong_clocks(self) -> list[tuple[str, float]]:
        """Those of them that nothing should go by."""
        return [(who, ahead) for who, ahead in self.clocks() if is_clock_wrong(ahead)]


def is_block_old(network: Network, age: float) -> bool:
    """Of the newest one, so many seconds old. Networks for tests may rest as long as they like."""
    limit = max(NEW_BLOCK_WITHIN.total_seconds(), _BLOCKS_MISSED * network.block_seconds)
    return network.mode == Mode.LIVE and age > limit


def is_clock_wrong(ahead: float) -> bool:
    """Of one that is so many seconds ahead of the database's, or behind it."""
    return abs(ahead) > CLOCKS_APART.total_seconds()


def counted(rows: QuerySet[Any, Any]) -> int:
    """How many there are, as far as one counts."""
    return rows.order_by()[:MOST_COUNTED].count()


def facts() -> Facts:
    """Half a dozen small queries, and some looks into Redis."""
    now, database = timezone.now(), look_at_database()
    return Facts(
        now=now, database=database, stored=_stored(now, database), queued=look_at_queued(now), jumped=CLOCK.jumped()
    )


def _stored(now: datetime, database: Database) -> Stored | None:
    if not database.is_readable:
        return None
    try:
        oldest = oldest_waiting()
        [(overdue, letters)] = fetch(_COUNTED, {"late": now - DONE_WITHIN})
        return Stored(
            networks=list(_networks(now)),
            oldest=oldest,
            untold=(now - oldest.created_at).total_seconds() if oldest else 0.0,
            overdue=overdue,
            letters=letters,
            sources=list(_sources(now)) if enabled_networks(Mode.LIVE) else [],
            held=why_held(),
            replica=replica.trouble(),
        )
    except (DatabaseError, InterfaceError) as error:
        if not is_outage(error):
            raise
        return None  # it went away meanwhile


def _networks(now: datetime) -> Iterator[NetworkFacts]:
    cursors = {each.network: each for each in with_waiting(ScanCursor.objects.all())}
    providers = list(Provider.objects.all())
    for network in [*enabled_networks(Mode.LIVE), *enabled_networks(Mode.TEST)]:
        cursor = cursors.get(network.id)
        own = [each for each in providers if each.network == network.id]
        yield NetworkFacts(
            network=network,
            cursor=cursor,
            lag=(now - cursor.scanned_at).total_seconds() if cursor and cursor.scanned_at else None,
            unread=(now - cursor.unread_since).total_seconds() if cursor and cursor.unread_since else 0.0,
            providers=own,
            failing=sum(bool(each.failed_at and now - each.failed_at < READ_WITHIN) for each in own),
            liars=[each for each in own if each.differed_at and now - each.differed_at < DISTRUSTED_FOR],
            set_aside=cursor.set_aside if cursor else 0,
        )


def _sources(now: datetime) -> Iterator[SourceFacts]:
    sheet = RateSheet.objects.order_by("-taken_at", "-id").first()
    said: dict[str, datetime] = {}
    for each in sheet.readings if sheet else ():
        at = datetime.fromisoformat(each["at"])
        said[each["source"]] = max(at, said.get(each["source"], at))
    for name in sources_of("USD"):
        age = (now - said[name]).total_seconds() if name in said else None
        yield SourceFacts(name=name, age=age, problem=sheet.problems.get(name, "") if sheet else "")


def tell_wrong_clock() -> None:
    """By a process that starts, into its log: from then on `/readyz` and the numbers tell it."""
    ahead = look_at_database(is_quick=True).ahead
    if ahead is not None and is_clock_wrong(ahead):
        _log.warning("clock.wrong", seconds_ahead_of_the_database=round(ahead), then="set this machine's clock by NTP")

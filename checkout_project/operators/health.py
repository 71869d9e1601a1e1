"""How the installation does, for operators: figures with their limits, and in words what is wrong, the worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db.models import Count
from django.urls import reverse
from redis import RedisError

from chains_app.models import Provider, RateSheet, ScanCursor, SetAside
from chains_app.networks.networks import Network, enabled_networks
from chains_app.rates.rules import MAX_AGE
from chains_app.reading.health import NOTICED_AFTER
from checkout_project.database_state import states_of_database
from checkout_project.operators.failures import FailingTask, failing_tasks
from common.modes import Mode
from merchants_app.templatetags.look import span
from sessions_app.models import CheckoutSession
from sessions_app.status import LIVE, Status
from webhooks_app.models import Delivery, DeliveryState

# A worker reads each network once a minute at least; a message leaves, or has failed once, within one.
READ_WITHIN = timedelta(seconds=90)
TOLD_WITHIN = timedelta(minutes=1)
ENDED_WITHIN = timedelta(minutes=1)
LONGEST_QUEUE = 500
_QUEUE = "celery"
_STATE_WORDS = {
    "migrations": "Tables are missing: run `manage.py migrate`, then start the workers again.",
    "workers": "No worker reads the networks: payments are neither seen nor confirmed. Start a worker, and beat.",
    "clock": "Clocks differ: prices, ends and keys go by both. Set this machine's clock by NTP.",
    "database": "It can be read only: no session is made. Point DATABASE_URL at the primary.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Something to mend, or to know of."""

    title: str
    text: str  # the effect, and what to do
    url: str
    link: str
    is_bad: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with the limit that it should keep."""

    label: str
    value: str
    limit: str
    is_well: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkHealth:
    """How far one is read."""

    network: Network
    cursor: ScanCursor | None
    lag: float | None  # seconds since it was read to its end; None: never
    providers: int
    failing: int
    set_aside: int
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All of it at one moment."""

    wrong: Sequence[Wrong]
    figures: Sequence[Figure]
    networks: Sequence[NetworkHealth]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    networks: Sequence[NetworkHealth]
    states: dict[str, str]
    oldest: Delivery | None
    overdue: int
    tasks: Sequence[FailingTask] | None  # None: Redis is away
    queue: int | None
    rates_age: float | None
    now: datetime


def health(now: datetime) -> Health:
    """A dozen small queries, and one look into Redis."""
    facts = _facts(now)
    return Health(wrong=list(_wrong(facts)), figures=list(_figures(facts)), networks=facts.networks)


def _facts(now: datetime) -> _Facts:
    tasks, queue = _tasks_and_queue(now)
    pending = Delivery.objects.filter(state=DeliveryState.PENDING, endpoint__disabled_at=None)
    due = CheckoutSession.objects.filter(status=Status.OPEN, expires_at__lt=now - ENDED_WITHIN)
    newest = RateSheet.objects.order_by("-taken_at").values_list("taken_at", flat=True).first()
    return _Facts(
        networks=_networks(now),
        states={name: state for name, state in states_of_database().items() if state != "ok"},
        oldest=pending.select_related("endpoint__merchant").order_by("created_at").first(),
        overdue=due.filter(stands_still_since=None).count(),
        tasks=tasks,
        queue=queue,
        rates_age=(now - newest).total_seconds() if newest and enabled_networks(Mode.LIVE) else None,
        now=now,
    )


def _tasks_and_queue(now: datetime) -> tuple[Sequence[FailingTask] | None, int | None]:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            return failing_tasks(now), int(str(client.llen(_QUEUE)))
    except RedisError:
        return None, None


def _networks(now: datetime) -> list[NetworkHealth]:
    cursors = {each.network: each for each in ScanCursor.objects.all()}
    aside = SetAside.objects.filter(settled_at=None).order_by().values_list("network").annotate(Count("id"))
    waiting, providers = dict(aside), list(Provider.objects.all())
    found = []
    for network in [*enabled_networks(Mode.LIVE), *enabled_networks(Mode.TEST)]:
        cursor = cursors.get(network.id)
        own = [each for each in providers if each.network == network.id]
        lag = (now - cursor.scanned_at).total_seconds() if cursor and cursor.scanned_at else None
        found.append(
            NetworkHealth(
                network=network,
                cursor=cursor,
                lag=lag,
                providers=len(own),
                failing=sum(bool(each.failed_at and now - each.failed_at < READ_WITHIN) for each in own),
                set_aside=waiting.get(network.id, 0),
                is_late=lag is None or lag > READ_WITHIN.total_seconds() or _is_unread(cursor, now),
            )
        )
    return found


def _is_unread(cursor: ScanCursor | None, now: datetime) -> bool:
    return bool(cursor and cursor.unread_since and now - cursor.unread_since >= NOTICED_AFTER)


def _wrong(facts: _Facts) -> Iterator[Wrong]:
    """What keeps money from being seen, then what keeps shops from being told, then the rest."""
    for name, state in facts.states.items():
        yield Wrong(
            title=f"{name.capitalize()}: {state}", text=_STATE_WORDS.get(name, ""), url="/readyz", link="Readiness"
        )
    if facts.queue is None:
        yield Wrong(
            title="Redis does not answer",
            text="Sessions are made and paid; limits, jobs and letters wait. Start it, or mend REDIS_URL.",
            url="/readyz",
            link="Readiness",
        )
    for each in facts.networks:
        if each.is_late and "workers" not in facts.states:
            yield _late(each, facts.now)
    if facts.rates_age is not None and facts.rates_age > MAX_AGE.total_seconds():
        yield Wrong(
            title=f"Rates are {span(facts.rates_age)} old",
            text="What they price is not offered to new buyers. Look at which sources answer, and from where.",
            url=reverse("admin:chains_app_ratesheet_changelist"),
            link="Rates",
        )
    if facts.overdue:
        yield Wrong(
            title="1 session is past its end"
            if facts.overdue == 1
            else f"{facts.overdue:,} sessions are past their end",
            text="They hold their order numbers until a worker ends them. Is beat running, and a worker free?",
            url=f"{reverse('admin:sessions_app_checkoutsession_changelist')}?status__exact=open",
            link="Sessions",
        )
    if facts.oldest and facts.now - facts.oldest.created_at > TOLD_WITHIN:
        yield _untold(facts.oldest, facts.now)
    if facts.queue and facts.queue > LONGEST_QUEUE:
        yield Wrong(
            title=f"{facts.queue:,} tasks wait",
            text="Workers take them more slowly than they come. Start another one.",
            url="/metrics",
            link="Metrics",
        )
    for task in facts.tasks or ():
        times = "once" if task.times == 1 else f"{task.times:,} times"
        yield Wrong(
            title=f"{task.name} broke off {times} in 24 hours",
            text=f"{task.why} It comes again by itself; nothing is lost.",
            url="#figures",
            link="Figures",
            is_bad=False,
        )


def _late(found: NetworkHealth, now: datetime) -> Wrong:
    cursor, name = found.cursor, found.network.name
    since = cursor.unread_since if cursor else None
    waiting = CheckoutSession.objects.filter(status__in=LIVE, quote__network=found.network.id).count()
    seen = f"{waiting:,} running session{'s wait' if waiting != 1 else ' waits'} for it"
    why = f"{cursor.problem} " if cursor and cursor.problem else ""
    title = f"{name} was never read" if found.lag is None else f"{name} was last read {span(found.lag)} ago"
    return Wrong(
        title=f"{name} cannot be read for {span((now - since).total_seconds())}" if since else title,
        text=f"{why}{seen}; none runs out, their end moves by the outage. New buyers are not offered it. Name another "
        f"node in {found.network.rpc_variable}, or wait for these.",
        url=reverse("admin:chains_app_provider_changelist"),
        link="Nodes",
    )


def _untold(oldest: Delivery, now: datetime) -> Wrong:
    endpoint = oldest.endpoint
    waiting = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING).count()
    host = urlsplit(endpoint.url).hostname
    waits = "1 message waits" if waiting == 1 else f"{waiting:,} messages wait"
    is_theirs = endpoint.failing_since is not None
    cure = (
        "Its owners are written to. Nothing to mend here unless other endpoints follow."
        if is_theirs
        else "It did not fail: is a worker running that sends?"
    )
    return Wrong(
        title=f"{host} has not heard for {span((now - oldest.created_at).total_seconds())}",
        text=f"An endpoint of {endpoint.merchant.name}: {waits}. {cure}",
        url=f"{reverse('admin:webhooks_app_delivery_changelist')}?state__exact=pending",
        link="Deliveries",
        is_bad=not is_theirs,
    )


def _figures(facts: _Facts) -> Iterator[Figure]:
    untold = (facts.now - facts.oldest.created_at).total_seconds() if facts.oldest else 0
    yield Figure(
        label="Oldest event not told", value=span(untold) if facts.oldest else "none", limit="under 1 minute",
        is_well=untold <= TOLD_WITHIN.total_seconds(),
    )  # fmt: skip
    yield Figure(label="Sessions past their end", value=f"{facts.overdue:,}", limit="none", is_well=not facts.overdue)
    failed = sum(each.times for each in facts.tasks or ())
    yield Figure(label="Failed tasks, 24 hours", value=f"{failed:,}", limit="none", is_well=not failed)
    if facts.rates_age is not None:
        yield Figure(
            label="Age of the rates", value=span(facts.rates_age), limit=f"at most {span(MAX_AGE.total_seconds())}",
            is_well=facts.rates_age <= MAX_AGE.total_seconds(),
        )  # fmt: skip
    yield Figure(
        label="Tasks in the queue",
        value="unknown" if facts.queue is None else f"{facts.queue:,}",
        limit=f"at most {LONGEST_QUEUE}",
        is_well=facts.queue is not None and facts.queue <= LONGEST_QUEUE,
    )

"""How the installation does, for operators: figures with their limits, and in words what is wrong, the worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import reverse

from chains_app.rates.rules import MAX_AGE
from checkout_project.facts.installation import TOLD_WITHIN, Facts, NetworkFacts, SourceFacts, Stored, facts
from checkout_project.facts.queued import LONGEST_QUEUE
from checkout_project.facts.states import states_of
from checkout_project.neighbours.told import Neighbour
from checkout_project.operators.machines import Machine, machines
from merchants_app.businesses.switches import switched_off
from merchants_app.held import RELEASE
from merchants_app.templatetags.look import span
from sessions_app.models import CheckoutSession
from sessions_app.status import LIVE
from webhooks_app.models import Delivery, DeliveryState

# What follows from these, and what to do. Of the other states more is said below.
_STATE_WORDS = {
    "database": "No session is made, and of money that comes nothing is written down yet: it is read later. Free its "
    "disk, or point DATABASE_URL at the primary.",
    "migrations": "Tables are missing: run `manage.py migrate`, then start the workers again.",
    "redis": "Sessions are made and paid, and webhooks leave. Payments are not seen, jobs and letters wait, and nobody "
    "can sign in. Free its disk or memory, start it, or mend REDIS_URL.",
    "replica": "Lists and files are read from the primary meanwhile. Look at that server, the line to it, and "
    "DATABASE_REPLICA_URL.",
    "workers": "No worker reads the networks: payments are neither seen nor confirmed. Start a worker.",
    "beat": "Nothing begins by itself: networks are not read, sessions do not end. Start beat.",
    "clock": "Prices, ends and keys go by all of them, and by a wrong one nodes seem to stand still or to be ahead. "
    "Set the clocks of these machines by NTP. A jump is told for an hour.",
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
class Health:
    """All of it at one moment."""

    wrong: Sequence[Wrong]
    figures: Sequence[Figure]
    networks: Sequence[NetworkFacts]
    machines: Sequence[Machine]


def health() -> Health:
    """As it is now."""
    found = facts()
    return Health(
        wrong=list(_wrong(found)),
        figures=list(_figures(found)),
        networks=found.stored.networks if found.stored else (),
        machines=list(machines(found)),
    )


def _wrong(found: Facts) -> Iterator[Wrong]:
    """What keeps money from being seen, then what keeps shops from being told, then the rest."""
    states = {each.name: each for each in states_of(found) if not each.is_well}
    for name, state in states.items():
        if name in _STATE_WORDS and not state.is_unknown:
            title = f"{name.capitalize()}: {state.word}"
            yield Wrong(title=title, text=_STATE_WORDS[name], url="/readyz", link="Readiness")
    for each in (found.queued.neighbours or ()) if found.queued else ():
        yield from _wrong_around(each)
    if found.stored:
        yield from _wrong_in_tables(found.stored, is_read=not {"workers", "beat"} & states.keys())
    if found.queued and found.queued.is_queue_long:
        yield Wrong(
            title=f"{found.queued.waiting:,} tasks wait",
            text="Workers take them more slowly than they come. Start another one.",
            url="/metrics",
            link="Metrics",
        )
    for task in found.queued.failing if found.queued else ():
        times = "once" if task.times == 1 else f"{task.times:,} times"
        yield Wrong(
            title=f"{task.name} broke off {times} in 24 hours",
            text=f"{task.why} It comes again by itself; nothing is lost.",
            url="#figures",
            link="Figures",
            is_bad=False,
        )


def _wrong_around(found: Neighbour) -> Iterator[Wrong]:
    place, left = found.place, found.left or 0.0
    url, link = "/docs/operators#names-and-certificates", "Names and certificates"
    asked_there = f"Nothing can be asked there ({' and '.join(place.names)})"
    effect = "Buyers and shops cannot come" if place.is_ours else asked_there
    if found.name_problem:
        cure = "Look at the name servers of this machine first, then at that domain's own."
        title = f"{place.host} has no address: {found.name_problem}"
        yield Wrong(title=title, text=f"{effect}. {cure}", url=url, link=link)
    if found.is_unseen:
        cure = (
            f"Lead its name to the proxy from here, too (/etc/hosts), or run `tallystick doctor https://{place.label}`."
            if place.is_ours
            else "Look at the way out of here."
        )
        title, text = f"Nobody could see the certificate of {place.label}", "It does not answer from here. "
        yield Wrong(title=title, text=text + cure, url=url, link=link, is_bad=False)
    if found.ends_soon and (found.problem or left < 0):
        title = f"The certificate of {place.label} is not good any more"
        yield Wrong(title=title, text=f"{found.problem or 'It ended.'} {effect}. {place.renewal}", url=url, link=link)
    elif found.ends_soon:
        title = f"The certificate of {place.label} ends in {span(left)}"
        yield Wrong(title=title, text=f"{effect} from then on. {place.renewal}", url=url, link=link, is_bad=False)


def _wrong_in_tables(stored: Stored, *, is_read: bool) -> Iterator[Wrong]:
    """`is_read`: whether networks are read at all; else their being late says no more."""
    if stored.held:
        yield Wrong(
            title="Nothing is sent from here",
            text=f"{stored.held} Webhooks, letters and signed payments wait. Is this the real one, and the other off "
            f"for good? `{RELEASE}` says what would leave, and lets it.",
            url=reverse("admin:merchants_app_installation_changelist"),
            link="Installation",
        )
    for network in stored.networks:
        if network.is_late and is_read:
            yield _late(network, is_clock_blamed=bool(stored.clock_by_nodes))
        elif network.stands_still:
            yield Wrong(
                title=f"{network.network.name} stands still: its newest block is {span(network.head_age or 0)} old",
                text="Its node lags, or the chain itself makes no blocks: payments are seen late, none is lost. Look "
                f"at an explorer; if others have newer blocks, name another node in {network.network.rpc_variable}.",
                url=reverse("admin:chains_app_provider_changelist"),
                link="Nodes",
            )
    yield from _old_rates(stored)
    if stored.overdue:
        yield Wrong(
            title="1 session is past its end"
            if stored.overdue == 1
            else f"{stored.overdue:,} sessions are past their end",
            text="They hold their order numbers until a worker ends them. Is beat running, and a worker free?",
            url=f"{reverse('admin:sessions_app_checkoutsession_changelist')}?status__exact=open",
            link="Sessions",
        )
    if stored.letters:
        yield Wrong(
            title=f"{stored.letters:,} letter{'s have' if stored.letters != 1 else ' has'} not left",
            text="Buyers are written to once the mail server takes them; each is tried again for three days. Look at "
            "EMAIL_HOST, and whether a worker is free.",
            url="#figures",
            link="Figures",
            is_bad=False,
        )
    if stored.oldest and stored.is_told_late:
        yield _untold(stored.oldest, stored.untold)
    for network in stored.networks:
        if network.cursor and network.cursor.closed_since:
            yield Wrong(
                title=f"{network.network.name} is closed",
                text="An operator has nothing new paid there. It is read, and what comes is counted. Offer it again "
                "when its trouble is over.",
                url=reverse("admin:chains_app_scancursor_changelist"),
                link="Scan cursors",
                is_bad=False,
            )
    for row in switched_off():
        yield Wrong(
            title=f"Switched off: {row}",
            text=f"For all businesses, by {row.changed_by}: {row.because}",
            url=reverse("admin:merchants_app_switch_changelist"),
            link="Switches",
            is_bad=False,
        )
    for network in stored.networks:
        for liar in network.liars:
            yield Wrong(
                title=f"{liar.host} said what is not so",
                text=f"Of {network.network.name}, within the hour: others are asked before it, and what it left out "
                f"was read again. If it goes on, take it out of {network.network.rpc_variable}.",
                url=f"{reverse('admin:chains_app_provider_changelist')}?network={network.network.id}",
                link="Nodes",
                is_bad=False,
            )


def _late(found: NetworkFacts, *, is_clock_blamed: bool) -> Wrong:
    cursor, name = found.cursor, found.network.name
    waiting = CheckoutSession.objects.filter(status__in=LIVE, quote__network=found.network.id).count()
    seen = f"{waiting:,} running session{'s wait' if waiting != 1 else ' waits'} for it"
    why = f"{cursor.problem} " if cursor and cursor.problem else ""
    title = f"{name} was never read" if found.lag is None else f"{name} was last read {span(found.lag)} ago"
    return Wrong(
        title=f"{name} cannot be read for {span(found.unread)}" if found.unread else title,
        text=f"{why}{seen}; none runs out, their end moves by the outage. New buyers are not offered it. "
        f"{'Look at the clock first. ' if is_clock_blamed else ''}Name another node in {found.network.rpc_variable}, "
        "or wait for these.",
        url=reverse("admin:chains_app_provider_changelist"),
        link="Nodes",
    )


def _old_rates(stored: Stored) -> Iterator[Wrong]:
    old, age = [each for each in stored.sources if each.is_old], stored.rates_age
    said = " ".join(f"{each.name}: {_said(each)}." for each in old)
    if old and len(old) == len(stored.sources):
        yield Wrong(
            title=f"Rates are {span(age)} old" if age is not None else "No source of rates has said anything yet",
            text=f"What they price is not offered to new buyers. {said}",
            url=reverse("admin:chains_app_ratesheet_changelist"),
            link="Rates",
        )
    elif old:
        yield Wrong(
            title=f"{' and '.join(each.name.capitalize() for each in old)} tell no rates",
            text=f"The other sources do, so prices are made. {said}",
            url=reverse("admin:chains_app_ratesheet_changelist"),
            link="Rates",
            is_bad=False,
        )


def _said(source: SourceFacts) -> str:
    return source.problem or ("nothing yet" if source.age is None else f"last {span(source.age)} ago")


def _untold(oldest: Delivery, age: float) -> Wrong:
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
        title=f"{host} has not heard for {span(age)}",
        text=f"An endpoint of {endpoint.merchant.name}: {waits}. {cure}",
        url=f"{reverse('admin:webhooks_app_delivery_changelist')}?state__exact=pending",
        link="Deliveries",
        is_bad=not is_theirs,
    )


def _figures(found: Facts) -> Iterator[Figure]:
    if stored := found.stored:
        yield Figure(
            label="Oldest event not told", value=span(stored.untold) if stored.oldest else "none",
            limit=f"at most {span(TOLD_WITHIN.total_seconds())}", is_well=not stored.is_told_late,
        )  # fmt: skip
        yield Figure(
            label="Sessions past their end", value=f"{stored.overdue:,}", limit="none", is_well=not stored.overdue
        )
        yield Figure(label="Letters not sent", value=f"{stored.letters:,}", limit="none", is_well=not stored.letters)
    failed = sum(each.times for each in found.queued.failing) if found.queued else 0
    yield Figure(label="Failed tasks, 24 hours", value=f"{failed:,}", limit="none", is_well=not failed)
    if stored and (age := stored.rates_age) is not None:
        yield Figure(
            label="Age of the rates", value=span(age), limit=f"at most {span(MAX_AGE.total_seconds())}",
            is_well=age <= MAX_AGE.total_seconds(),
        )  # fmt: skip
    yield Figure(
        label="Tasks in the queue",
        value=f"{found.queued.waiting:,}" if found.queued else "unknown",
        limit=f"at most {LONGEST_QUEUE}",
        is_well=found.queued is not None and not found.queued.is_queue_long,
    )

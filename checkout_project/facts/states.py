"""Judges the facts: what of them keeps this process from its work, what only wants somebody to look.

Said without names of hosts, machines and shops: anybody may read it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checkout_project.facts.database import OK
from checkout_project.facts.installation import Facts, NetworkFacts
from checkout_project.facts.queued import Queued
from checkout_project.jobs.pulses import Pulse
from checkout_project.neighbours.told import Neighbour
from merchants_app.held import RELEASE

# A worker reads each network once a minute at least (`sessions_app/watching/turns.py`).
_SILENT_SECONDS = 120
AWAY = "unreachable"
_NOBODY_CAN_SAY = "nobody can say"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One thing, in a word: `ok`, or what is wrong with it."""

    name: str
    word: str = OK
    is_needed: bool = False  # without it nothing can be done

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return self.word == OK

    @property
    def is_unknown(self) -> bool:
        """Of workers and beat, which say to Redis that they live: whether nothing follows from their silence."""
        return self.word == _NOBODY_CAN_SAY


def states_of(facts: Facts) -> list[State]:
    """Each thing that is looked at, as far as it can be seen."""
    found = [State(name="database", word=facts.database.state, is_needed=True)]
    if facts.database.ahead is not None or facts.database.is_readable:
        missing = OK if facts.database.is_migrated else "missing: run `manage.py migrate`"
        found.append(State(name="migrations", word=missing, is_needed=True))
    found.append(State(name="redis", word=_redis(facts.queued)))
    return found + [State(name=name, word=word) for name, word in _words(facts)]


def _words(facts: Facts) -> Iterator[tuple[str, str]]:
    if facts.queued or facts.stored:
        heard = facts.heard
        yield "workers", _alive(facts, heard.workers if heard else None)
        yield "beat", _alive(facts, heard.beats if heard else None)
    if queued := facts.queued:
        yield "queue", f"{queued.waiting} tasks wait" if queued.is_queue_long else OK
        if queued.neighbours is not None:
            yield (
                "dns",
                "; ".join(f"{_of(each)}: {each.name_problem}" for each in queued.neighbours if each.name_problem) or OK,
            )
            # That our network leads nobody back to itself keeps nobody from coming to us.
            shown = [
                each for each in queued.neighbours if each.ends_soon or (each.is_unseen and not each.place.is_ours)
            ]
            yield "certificates", "; ".join(_ending(each) for each in shown) or OK
    if facts.database.ahead is not None:
        yield "clock", _clocks(facts)
    if stored := facts.stored:
        late = [_late(each) for each in stored.networks if each.is_late or each.stands_still]
        yield "networks", "; ".join(late) or OK
        doubted = [f"{each.network.name}: answers of a provider proved wrong" for each in stored.networks if each.liars]
        yield "providers", "; ".join(doubted) or OK
        if stored.replica is not None:
            yield "replica", stored.replica or OK
        yield "sending", f"held: run `{RELEASE}`" if stored.held else OK
        yield "events", f"the oldest has waited for {stored.untold:.0f} s" if stored.is_told_late else OK
        old = [f"{each.name}: {_age(each.age)}" for each in stored.sources if each.is_old]
        yield "rates", "; ".join(old) or OK
        yield "expiry", f"{stored.overdue} open sessions are past their end" if stored.overdue else OK


def _of(found: Neighbour) -> str:
    """Everybody knows our own host; others' are named by the setting that has them."""
    return found.place.label if found.place.is_ours else ", ".join(found.place.names)


def _ending(found: Neighbour) -> str:
    if found.is_unseen:
        return f"{_of(found)}: nobody could see it"
    days = (found.left or 0.0) / 86_400
    if found.problem:
        return f"{_of(found)}: not believed"
    if days < 0:
        return f"{_of(found)}: ended"
    return f"{_of(found)}: ends in " + (f"{days:.0f} days" if days >= 2 else f"{days * 24:.0f} hours")


def _redis(queued: Queued | None) -> str:
    if queued is None:
        return AWAY
    return f"takes no writing: {queued.refusal}" if queued.refusal else OK


def _alive(facts: Facts, those: Sequence[Pulse] | None) -> str:
    """By what they say themselves; while Redis takes nothing from them, by whether networks are read."""
    if those is None:
        lags = [each.lag for each in facts.stored.networks if each.lag is not None] if facts.stored else []
        return OK if min(lags, default=_SILENT_SECONDS) < _SILENT_SECONDS else _NOBODY_CAN_SAY
    if any(each.is_alive for each in those):
        return OK
    return "gone" if those else "none has run lately"


def _clocks(facts: Facts) -> str:
    kinds: dict[str, float] = {}
    for who, ahead in facts.wrong_clocks():
        kind = who.partition(" ")[0]
        kinds[kind] = max(ahead, kinds.get(kind, 0.0), key=abs)
    words = [f"{_whose(kind)}{_apart(ahead)}" for kind, ahead in kinds.items()]
    if jumps := list(facts.jumps()):
        # Those of one machine jump together: the farthest tells them all.
        who, jump = max(jumps, key=lambda each: abs(each[1].seconds))
        words.append(f"{_whose(who.partition(' ')[0])}{jump}")
    if facts.stored and (whither := facts.stored.clock_by_nodes):
        words.append(f"{whither} of what the nodes of all networks say, unless all those nodes are wrong")
    return "; ".join(words) or OK


def _whose(kind: str) -> str:
    return "" if kind == "this" else f"{kind}: "


def _apart(ahead: float) -> str:
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the database's"


def _late(found: NetworkFacts) -> str:
    if found.unread:
        return f"{found.network.name}: cannot be read for {found.unread:.0f} s"
    if found.stands_still:
        return f"{found.network.name}: its newest block is {found.head_age:.0f} s old"
    return f"{found.network.name}: {_age(found.lag)}"


def _age(seconds: float | None) -> str:
    return "never" if seconds is None else f"last {seconds:.0f} s ago"

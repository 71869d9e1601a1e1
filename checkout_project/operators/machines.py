"""What runs, for the operators' first page: each thing with how it does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checkout_project.facts.database import OK
from checkout_project.facts.installation import Facts, is_clock_wrong
from checkout_project.facts.queued import Queued
from checkout_project.jobs.pulses import Pulse
from merchants_app.templatetags.look import span

_WELL = "answers, and takes writing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One of them."""

    name: str
    words: str
    is_well: bool


def machines(found: Facts) -> Iterator[Machine]:
    """Those that must run; each by what it says itself."""
    yield Machine(name="Web", words="this page comes from it", is_well=True)
    heard = found.heard
    yield _processes("Workers", heard.workers if heard else None)
    yield _processes("Clock (beat)", heard.beats if heard else None)
    apart = max((abs(ahead) for _, ahead in found.clocks()), default=None)
    yield Machine(
        name="Their time against PostgreSQL's",
        words="nobody can say" if apart is None else f"{apart:.2f} s apart at most",
        is_well=apart is not None and not is_clock_wrong(apart),
    )
    yield Machine(name="PostgreSQL", words=_answers(found.database.state), is_well=found.database.state == OK)
    yield Machine(name="Redis", words=_redis(found.queued), is_well=heard is not None)


def _processes(name: str, those: Sequence[Pulse] | None) -> Machine:
    if those is None:
        return Machine(name=name, words="nobody can say without Redis", is_well=False)
    alive = [each.age for each in those if each.is_alive]
    heard = f"{len(alive)}, last heard of {span(min(alive))} ago" if alive else "none"
    return Machine(name=name, words=heard, is_well=bool(alive))


def _answers(state: str) -> str:
    return _WELL if state == OK else state


def _redis(queued: Queued | None) -> str:
    if queued is None:
        return "does not answer"
    return "takes no writing" if queued.refusal else _WELL

"""What is pinned is needed, and what is needed is pinned: whatever nothing uses any more goes out of the lists."""

import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
NEEDS = "# What those need\n"


def named(text: str) -> set[Requirement]:
    """What a list names for this machine's Python."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    found = {Requirement(line) for line in lines if line and not line.startswith("-r")}
    return {each for each in found if each.marker is None or each.marker.evaluate()}


def names(requirements: Iterable[Requirement]) -> set[str]:
    return {canonicalize_name(each.name) for each in requirements}


def reached(direct: Iterable[Requirement]) -> set[str]:
    """All names that these lead to on this machine, by what the installed packages say they need."""
    seen: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(each.name), extra) for each in direct for extra in ("", *each.extras)]
    while waiting:
        here = name, extra = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for text in metadata.requires(name) or []:
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(needed.name), more) for more in ("", *needed.extras)]
    return {name for name, _ in seen}


LISTS = ["requirements.txt", "requirements-run.txt", "requirements-dev.txt"]


@pytest.mark.parametrize("count", [1, 2, 3], ids=LISTS)
def test_the_second_half_of_a_list_is_what_the_first_half_needs(count: int) -> None:
    halves = [(ROOT / path).read_text(encoding="utf-8").split(NEEDS) for path in LISTS[:count]]
    direct = {each for chosen, _ in halves for each in named(chosen)}
    pinned = names(direct) | {name for _, rest in halves for name in names(named(rest))}
    assert pinned == reached(direct)


def test_each_chosen_package_says_what_it_is_for() -> None:
    chosen = "".join((ROOT / path).read_text(encoding="utf-8").split(NEEDS)[0] for path in LISTS)
    assert [line for line in chosen.splitlines() if "==" in line and not re.search(r"  ?# \S", line)] == []

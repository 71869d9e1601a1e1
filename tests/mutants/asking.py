"""Which tests are asked about a change: those that run what is changed, the likeliest to notice it first."""

import ast
import re
from bisect import bisect
from collections import Counter
from itertools import accumulate, chain
from pathlib import Path
from typing import TypedDict

from tests.mutants.operators import Change
from tests.mutants.scope import ROOT, SCOPE

RACED = {"lock removed", "atomic removed", "decorator removed"}  # two at once see them, and few others


class Known(TypedDict):
    """What was measured of a test (`reach.py`): by file, the lines it runs; and how long it takes."""

    seconds: float
    lines: dict[str, list[int]]


def tests_for(path: Path, change: Change, known: dict[str, Known], seconds: float) -> list[str]:
    """As many as take so many seconds. From two lists in turn: the nearest by name, and those that go where few go.

    Those that are always asked come last, or first of what runs when its file is loaded: nobody knows who needs it.
    """
    name, source = str(path.relative_to(ROOT)), path.read_bytes()
    changed = set(range(source.count(b"\n", 0, change.start) + 1, source.count(b"\n", 0, change.end) + 2))
    ran = {test: set(each["lines"][name]) for test, each in known.items() if name in each["lines"]}
    loaded = not any(changed & each for each in ran.values())  # the file is, and it runs then
    lines = _lines_that_use(source.decode(), changed) if loaded and path.suffix == ".py" else changed
    chosen = [test for test in ran if ran[test] & lines] or list(ran)
    chosen.sort(key=lambda test: known[test]["seconds"])
    # Of the lines around, those that few tests run are what the change decides about: a guard's own answer.
    around = {line for at in lines for line in range(at - 3, at + 7)}
    crowd = Counter(line for each in ran.values() for line in each & around)
    rarity = {test: min((crowd[line] for line in ran[test] & around), default=0) for test in chosen}
    far = {test: _distance(name, change.kind, test) for test in chosen}
    # Of a test with many parameters one after the other has its turn: the next ones tell least.
    seen = Counter[str]()
    turn = {}
    for test in chosen:
        turn[test] = seen[function := test.partition("[")[0]]
        seen[function] += 1
    nearest = sorted(chosen, key=lambda test: (far[test], far[test] and turn[test]))
    rarest = sorted(chosen, key=lambda test: (rarity[test], turn[test], far[test]))
    asked = list(dict.fromkeys(chain.from_iterable(zip(nearest, rarest, strict=True))))
    spent = list(accumulate(known[test]["seconds"] for test in asked))
    asked, always = asked[: max(1, bisect(spent, seconds))], SCOPE["tests"]["always"]
    return [*always, *asked] if loaded else [*asked, *always]


def _lines_that_use(source: str, changed: set[int]) -> set[int]:
    """The whole function or class that is changed, and where a name that it or an assignment gives is used."""
    lines, names = set(changed), set[str]()
    for each in ast.parse(source).body:
        first = min(above.lineno for above in (each, *getattr(each, "decorator_list", ())))
        own = range(first, each.end_lineno + 1)
        if not changed & set(own):
            continue
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            lines |= set(own)
            names.add(each.name)
        else:
            names |= {
                node.id for node in ast.walk(each) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
    used = re.compile(rf"\b({'|'.join(names)})\b")
    return lines | {number for number, line in enumerate(source.splitlines(), 1) if names and used.search(line)}


def _distance(name: str, kind: str, test: str) -> int:
    """A test named after the file, or a race if it is about a lock, is near; then its folder's."""
    file, path = Path(test.partition("::")[0]), Path(name)
    if (kind in RACED and file.parent.name == "locks") or f"_{path.stem}_" in f"{file.stem}_":
        return 0
    return 1 if file.parent == "tests" / path.parent else 2

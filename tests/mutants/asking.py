"""Which tests are asked about a change: those that run what is changed, the likeliest to notice it first."""

import ast
import re
from collections import Counter, defaultdict
from itertools import zip_longest
from pathlib import Path
from typing import TypedDict

from tests.mutants.operators import Change


class Known(TypedDict):
    """What was measured of a test (`reach.py`): by file, the lines it runs; and how long it takes."""

    seconds: float
    lines: dict[str, list[int]]


RACED = {"lock removed", "atomic removed", "decorator removed"}  # two at once see them, and few others


def tests_for(name: str, source: str, change: Change, known: dict[str, Known], *, seconds: float) -> list[str]:
    """As many as take so many seconds. From two lists in turn: the nearest by name, and those that go where few go."""
    ran = {test: frozenset(each["lines"].get(name, ())) for test, each in known.items()}
    ran = {test: lines for test, lines in ran.items() if lines}
    if not ran:
        return []  # data, or nothing that any test loads
    wanted = _lines_of(source, change)
    chosen = [test for test, lines in ran.items() if lines & wanted]
    if not chosen:  # it runs when the file is loaded
        wanted = _lines_that_use(source, wanted)
        chosen = [test for test, lines in ran.items() if lines & wanted] or list(ran)
    # Of the lines around, those that few tests run are what the change decides about: a guard's own answer.
    around = {line for at in wanted for line in range(at - 3, at + 7)}
    crowd = Counter(line for lines in ran.values() for line in lines & around)
    rarity = {test: min((crowd[line] for line in ran[test] & around), default=0) for test in chosen}
    # Of a test with many parameters one after the other has its turn: the next ones tell least.
    turns: dict[str, int] = defaultdict(int)
    turn = {}
    for test in sorted(chosen, key=lambda test: known[test]["seconds"]):
        function = test.partition("[")[0]
        turn[test] = turns[function]
        turns[function] += 1
    far = {test: _distance(name, change, test) for test in chosen}
    nearest = sorted(chosen, key=lambda test: (far[test], far[test] and turn[test], known[test]["seconds"]))
    rarest = sorted(chosen, key=lambda test: (rarity[test], turn[test], far[test], known[test]["seconds"]))
    asked: dict[str, None] = {}
    spent = 0.0
    for test in (each for pair in zip_longest(nearest, rarest) for each in pair):
        if test in asked:
            continue
        spent += known[test]["seconds"]
        if spent > seconds and asked:
            break
        asked[test] = None
    return list(asked)


def _lines_of(source: str, change: Change) -> set[int]:
    return set(range(source.count("\n", 0, change.start) + 1, source.count("\n", 0, change.end) + 2))


def _lines_that_use(source: str, changed: set[int]) -> set[int]:
    """Of what is loaded with the file: where the name that it gives is used, or another that is made with it."""
    lines, names = set(changed), set[str]()
    while True:
        before = len(names)
        for each in ast.parse(source).body:
            first = min([each.lineno, *(above.lineno for above in getattr(each, "decorator_list", ()))])
            own = set(range(first, (each.end_lineno or first) + 1))
            if not own & lines:
                continue
            if isinstance(each, ast.FunctionDef | ast.ClassDef):
                lines |= own if own & changed else set()
                names |= {each.name} if own & changed else set()
            else:
                names |= {node.id for node in ast.walk(each) if isinstance(node, ast.Name) and _is_given(node)}
        if len(names) == before:
            return lines
        used = re.compile(rf"\b({'|'.join(names)})\b")
        lines |= {number for number, line in enumerate(source.splitlines(), 1) if used.search(line)}


def _is_given(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _distance(name: str, change: Change, test: str) -> int:
    """A test named after the file, or a race if it is about a lock, is near; then its folder's."""
    file, path = Path(test.partition("::")[0]), Path(name)
    if (change.kind in RACED and file.parent.name == "locks") or f"_{path.stem}_" in f"{file.stem}_":
        return 0
    return 1 if file.parent == "tests" / path.parent else 2

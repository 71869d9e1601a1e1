"""Why messages do not arrive, from the last attempts, in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from webhooks_app.endpoints.brief import WORDS
from webhooks_app.endpoints.tries import Try
from webhooks_app.problems import Explanation, Problem, explain

LOOKED_AT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What goes wrong most, and how often what does."""

    title: str  # `It takes the connection, then says nothing`
    counts: str  # `9 of the last 10 attempts failed: 8 times no answer in 20 s, once answered 504.`
    explanation: Explanation | None  # of the newest attempt that failed like that


def cause_of(tries: Sequence[Try]) -> Cause | None:
    """Of the last ten attempts; None when all of them arrived. `tries`: oldest first."""
    looked_at = tries[-LOOKED_AT:]
    failed = [each for each in reversed(looked_at) if each.problem]
    if not failed:
        return None
    kinds = Counter(each.brief for each in failed).most_common()  # of as many, what came last is first
    main = next(each for each in failed if each.brief == kinds[0][0])
    return Cause(
        title=WORDS[Problem(main.problem)].title,
        counts=f"{_share(len(failed), len(looked_at))}: {_listed(kinds)}.",
        explanation=explain(problem=main.problem, status=main.status_code, detail=main.detail),
    )


def _share(failed: int, attempts: int) -> str:
    if attempts == 1:
        return "The only attempt failed"
    if failed == attempts:
        return f"None of the last {attempts} attempts arrived"
    return f"{failed} of the last {attempts} attempts failed"


def _listed(kinds: Sequence[tuple[str, int]]) -> str:
    if len(kinds) == 1:
        [(words, times)] = kinds
        return words if times == 1 else f"each time {words}"
    return ", ".join(f"{_times(times)} {words}" for words, times in kinds)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")

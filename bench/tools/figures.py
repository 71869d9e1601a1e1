"""Where benchmarks hand their figures over: each is told at once, and kept for the table of `make bench`.

is_good = figure("create", [812, 790, 801], "a second", ratio=[0.64, 0.61, 0.66], floor="a bare view", goal=least(0.6))
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

Runs = float | Sequence[float]
# The file that `python -m bench` gathers them in.
KEPT_IN = "BENCH_FIGURES"


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted: of the ratio where there is one, else of the value."""

    bound: float
    is_least: bool

    def met_by(self, value: float) -> bool:
        """Whether it is."""
        return value >= self.bound if self.is_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {told(self.bound)}"


def least(bound: float) -> Goal:
    """So much or more."""
    return Goal(bound, is_least=True)


def most(bound: float) -> Goal:
    """So much or less."""
    return Goal(bound, is_least=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    name: str
    value: float  # the median
    runs: int
    unit: str
    ratio: float | None = None
    floor: str = ""
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        parts = [f"{self.name}: {told(self.value)} {self.unit}"]
        if self.runs > 1:
            parts.append(f"the median of {self.runs}")
        if self.ratio is not None:
            parts.append(f"{self.ratio:.2f} of {self.floor}")
        if self.goal:
            parts.append(f"goal {self.goal}: {'met' if self.met else 'MISSED'}")
        return ", ".join(parts)


def figure(
    name: str, value: Runs, unit: str, *, ratio: Runs | None = None, floor: str = "", goal: Goal | None = None
) -> bool:
    """Tells a figure and keeps it; whether its goal is met. Of several runs the median counts.

    ratio: to what was measured beside it in the same run, the `floor`: a shared machine is not as fast from one minute
    to the next, and no two machines are.
    """
    middle = None if ratio is None else _median(ratio)
    met = None if goal is None else goal.met_by(_median(value) if middle is None else middle)
    made = Figure(
        name=name, value=_median(value), runs=len(value) if isinstance(value, Sequence) else 1, unit=unit, ratio=middle,
        floor=floor, goal=str(goal or ""), met=met,
    )  # fmt: skip
    print(made, flush=True)
    if file := os.environ.get(KEPT_IN):
        with Path(file).open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(asdict(made)) + "\n")
    return met is not False


def kept(file: Path) -> list[Figure]:
    """All that were handed over."""
    return (
        [Figure(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    )


def told(value: float) -> str:
    """With as many digits as say something."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _median(runs: Runs) -> float:
    return float(median(runs)) if isinstance(runs, Sequence) else float(runs)

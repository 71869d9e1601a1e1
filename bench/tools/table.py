"""The table: on which machine, with which versions, each figure with its goal, its day and load; kept in the guide."""

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg
from redis import Redis

from bench.tools.figures import Figure, told
from bench.tools.servers import ROOT

GUIDE = ROOT / "docs" / "benchmarks.md"
# What stands below it in the guide is written here.
HEADING = "## The last figures\n"
COLUMNS = ("benchmark", "figure", "median", "ratio", "goal", "", "measured")
# A cell for each of them.
Line = tuple[str, ...]
# So long it is looked how busy the machine is with other things.
_LOOK_SECONDS = 3.0


def about(environment: dict[str, str]) -> str:
    """What stands above the table, and is so for all of it."""
    return f"{machine()}. {versions(environment)}."


def measured(options: Sequence[str]) -> str:
    """When, beside what and how: told before a benchmark begins, since while it runs it is the load.

    The load is the cores that are busy now (the load average would still tell of the benchmark before), the speed that
    of a plain Python loop, which a shared machine has more of in one hour than in another.
    """
    load = psutil.cpu_percent(_LOOK_SECONDS) / 100 * (os.cpu_count() or 1)
    how = f", with `{' '.join(options)}`" if options else ""
    return f"{datetime.now(UTC):%d %B %Y}, load {load:.1f}, speed {core_speed():.0f}{how}"


def machine() -> str:
    """Processor, cores, memory, kernel."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _text("/proc/cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"


def versions(environment: dict[str, str]) -> str:
    """Of all that takes part."""
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        postgres = connection.info.parameter_status("server_version") or ""
    with Redis.from_url(environment["REDIS_URL"]) as client:
        told_by = client.info("server")
    valkey = told_by.get("valkey_version") or told_by["redis_version"]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("Django", "celery", "psycopg", "granian"))
    return f"Python {platform.python_version()}, {libraries}, PostgreSQL {postgres}, Valkey {valkey}, {_anvil()}"


def core_speed() -> float:
    """Million steps of a plain Python loop a second, in cpu time."""
    began, total = time.process_time(), 0
    for step in range(2_000_000):
        total += step
    return 2 / (time.process_time() - began)


def lines_of(name: str, figures: Sequence[Figure], code: int, measured: str) -> list[Line]:
    """One for each figure; how it ended where that says more. The first says how it was measured."""
    found = list[Line]()
    for each in figures:
        ratio = "" if each.ratio is None else f"{each.ratio:.2f} of {each.floor}"
        met = "" if each.met is None else "met" if each.met else "**missed**"
        found.append((name, each.name, f"{told(each.value)} {each.unit}".strip(), ratio, each.goal, met))
    if not figures or (code and all(each.met is not False for each in figures)):
        found.append((name, "", "", "", "", "ok" if code == 0 else f"**ended with {code}**"))
    return [(*line, "" if place else measured) for place, line in enumerate(found)]


def as_markdown(lines: Sequence[Line]) -> str:
    """For the guide."""
    head = [_in_markdown(COLUMNS), f"|{'---|' * len(COLUMNS)}"]
    return "\n".join([*head, *map(_in_markdown, lines)])


def as_text(lines: Sequence[Line]) -> str:
    """For the terminal."""
    plain = [COLUMNS, *(tuple(cell.strip("*") for cell in line) for line in lines)]
    widths = [max(len(line[place]) for line in plain) for place in range(len(COLUMNS))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in plain)


def keep(about: str, lines: Sequence[Line], *, order: Sequence[str], guide: Path = GUIDE) -> None:
    """Writes a benchmark's lines into the guide, in place of those that it had; benchmarks stand in that order.

    What was measured on another machine or with other versions is not comparable, and goes.
    """
    before, heading, below = guide.read_text(encoding="utf-8").partition(HEADING)
    assert heading, f"{guide} has no {HEADING!r}"
    new = {line[0] for line in lines}
    stay = [line for line in _lines_in(below, about) if line[0] in order and line[0] not in new]
    all_lines = sorted([*stay, *lines], key=lambda line: order.index(line[0]))
    guide.write_text(f"{before}{heading}\n{about}\n\n{as_markdown(all_lines)}\n", encoding="utf-8")


def _lines_in(kept: str, about: str) -> list[Line]:
    """Those that stand below that."""
    said, _, below = kept.strip().partition("\n")
    found = [tuple(line[2:-2].split(" | ")) for line in below.splitlines() if line.startswith("| ")]
    return [line for line in found if line != COLUMNS] if said == about else []


def _in_markdown(line: Line) -> str:
    return f"| {' | '.join(line)} |"


def _anvil() -> str:
    from tests.anvil import AnvilMissing, anvil_binary

    try:
        said = subprocess.run([str(anvil_binary()), "--version"], capture_output=True, text=True, check=False).stdout
    except AnvilMissing:
        return "no anvil"
    return said.splitlines()[0].lower().replace("version: ", "") if said else "anvil"


def _text(path: str) -> str:
    file = Path(path)
    return file.read_text(encoding="utf-8") if file.exists() else ""

"""The table of a whole run: on which machine, with which versions, each figure with its goal; kept in the guide."""

import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import psycopg
from redis import Redis

from bench.tools.figures import Figure, told
from bench.tools.servers import ROOT

GUIDE = ROOT / "docs" / "benchmarks.md"
# What stands below it in the guide is written here.
HEADING = "## The last figures\n"
COLUMNS = ("benchmark", "figure", "median", "ratio", "goal", "")


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
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}, "
        f"{core_speed():.0f} million loop steps a second"
    )


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
    """Million steps of a plain Python loop a second, in cpu time: what a figure of another machine is compared by."""
    began, total = time.process_time(), 0
    for step in range(2_000_000):
        total += step
    return 2 / (time.process_time() - began)


def rows(figures: dict[str, list[Figure]], codes: dict[str, int]) -> list[tuple[str, ...]]:
    """A line for each figure; for a benchmark without one, how it ended."""
    found = list[tuple[str, ...]]()
    for name, code in codes.items():
        for each in figures[name]:
            ratio = "" if each.ratio is None else f"{each.ratio:.2f} of {each.floor}"
            met = "" if each.met is None else "met" if each.met else "**missed**"
            found.append((name, each.name, f"{told(each.value)} {each.unit}", ratio, each.goal, met))
        if not figures[name] or (code and all(each.met is not False for each in figures[name])):
            found.append((name, "", "", "", "", "ok" if code == 0 else f"**ended with {code}**"))
    return found


def as_markdown(lines: list[tuple[str, ...]]) -> str:
    """For the guide."""
    head = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    return "\n".join([*head, *(f"| {' | '.join(line)} |" for line in lines)])


def as_text(lines: list[tuple[str, ...]]) -> str:
    """For the terminal."""
    plain = [COLUMNS, *(tuple(cell.strip("*") for cell in line) for line in lines)]
    widths = [max(len(line[place]) for line in plain) for place in range(len(COLUMNS))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in plain)


def keep(about: str, lines: list[tuple[str, ...]]) -> None:
    """In the guide, in place of those before."""
    text = GUIDE.read_text(encoding="utf-8")
    before = text[: text.index(HEADING) + len(HEADING)]
    GUIDE.write_text(f"{before}\n{about}\n\n{as_markdown(lines)}\n", encoding="utf-8")


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

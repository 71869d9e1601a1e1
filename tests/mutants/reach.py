"""A pytest plugin (`-p tests.mutants.reach`): notes which lines of ours each test runs, and how long it takes.

Each process writes `$MUTANTS_REACH/<pid>.json`: by test, its seconds and, by file, the numbers of the lines it ran.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

from tests.mutants.scope import ROOT, SCOPE

_coverage = coverage.Coverage(source=[str(ROOT / app) for app in SCOPE["modules"]], data_file=None)
_seconds: dict[str, float] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart() -> None:
    _coverage.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _coverage.switch_context(item.nodeid)
    started = time.monotonic()
    yield
    _seconds[item.nodeid] = time.monotonic() - started
    _coverage.switch_context("")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    _coverage.stop()
    data, lines = _coverage.get_data(), {test: {} for test in _seconds}
    for file in data.measured_files():
        for line, tests in data.contexts_by_lineno(file).items():
            for test in filter(None, tests):
                lines[test].setdefault(str(Path(file).relative_to(ROOT)), []).append(line)
    found = {test: {"seconds": seconds, "lines": lines[test]} for test, seconds in _seconds.items()}
    Path(os.environ["MUTANTS_REACH"], f"{os.getpid()}.json").write_text(json.dumps(found), encoding="utf-8")

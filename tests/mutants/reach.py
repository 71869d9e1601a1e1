"""A pytest plugin (`-p tests.mutants.reach`): notes which lines of ours each test runs, and how long it takes.

Each process writes `$MUTANTS_REACH/<pid>.json`: by test, its seconds and, by file, the numbers of the lines it ran.
"""

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

APPS = ("common", "chains_app", "merchants_app", "webhooks_app", "sessions_app")
_ROOT = Path(__file__).resolve().parents[2]
_FOLDER = Path(os.environ["MUTANTS_REACH"])
_coverage = coverage.Coverage(source=[str(_ROOT / app) for app in APPS], data_file=None)
_seconds: dict[str, float] = defaultdict(float)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart() -> None:
    _coverage.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _coverage.switch_context(item.nodeid)
    started = time.monotonic()
    yield
    _seconds[item.nodeid] += time.monotonic() - started
    _coverage.switch_context("")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    _coverage.stop()
    data = _coverage.get_data()
    reached: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for file in data.measured_files():
        name = str(Path(file).relative_to(_ROOT))
        by_test: dict[str, list[int]] = defaultdict(list)
        for line, tests in data.contexts_by_lineno(file).items():
            for test in tests:
                by_test[test].append(line)
        for test, lines in by_test.items():
            reached[test][name] = lines
    found = {test: {"seconds": _seconds[test], "lines": reached[test]} for test in _seconds}
    (_FOLDER / f"{os.getpid()}-{threading.get_ident()}.json").write_text(json.dumps(found), encoding="utf-8")

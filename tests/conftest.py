"""What every test has at hand. The cast (Mia, Otto, Pat) and their fixtures stand in tests/cast.py."""

import gc
import importlib
import importlib.util
import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.servers.basehttp import WSGIRequestHandler
from xdist.scheduler import LoadFileScheduling

from checkout_project.words.catalogues import compile_all
from tests.settings import services

HERE = Path(__file__).resolve().parent
# How long an example takes is decided by what else runs on the machine.
hypothesis.settings.register_profile("tallystick", deadline=None)
hypothesis.settings.load_profile("tallystick")

# Loaded when it exists, so that the tests of one app run while another is being built.
pytest_plugins = [
    name
    for name in (
        "tests.played",
        "tests.cast",
        "tests.sandbox",
        "tests.once",
        "tests.contexts",
        "tests.browser",
        "tests.fake_rates",
        "tests.desk",
        "tests.operators",
        "tests.rate_limits",
        "tests.strangers.fixtures",
        "tests.traces",
        "tests.pooler",
        "tests.looks",
    )
    if importlib.util.find_spec(name)
]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Starts PostgreSQL and Valkey, unless they were given or this is a worker of a run that has them."""
    # Django's test server sends head and body apart: by Nagle's algorithm each answer would wait 40 ms in between.
    WSGIRequestHandler.disable_nagle_algorithm = True
    config.add_cleanup(services.stop)
    compile_all()
    if not config.option.collectonly:
        services.start()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Nothing of what is imported is garbage. And of several processes each begins elsewhere.

    So it finds compiled what the others have been to: rewriting the assertions of all files takes ten seconds.
    """
    gc.disable()
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    if number and session.config.args == session.config.getini("testpaths"):
        files = sorted(HERE.rglob("test_*.py"))
        for file in files[len(files) * number // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]) :]:
            with suppress(Exception):  # what is wrong with it is told when it is collected
                importlib.import_module(".".join(file.relative_to(HERE.parent).with_suffix("").parts))
    try:
        return (yield)
    finally:
        gc.enable()


# What begins first, in this order: what waits most comes while there is still something to do beside it, and the files
# that share a running Tallystick or a Chromium come one after the other.
EARLY = (
    "tests/test_code.py", "tests/examples/", "tests/running/", "tests/webhooks_app/sending/", "tests/journeys/",
    "tests/cli/", "tests/pages/", "tests/chains_app/contracts/",
)  # fmt: skip


# One running Tallystick serves all files of such a folder (`scope="package"` in its conftest.py).
TOGETHER = ("tests/examples/", "tests/journeys/")


class FilesAndFolders(LoadFileScheduling):
    """`--dist loadfile`, where the files of some folders go to one process too."""

    def _split_scope(self, nodeid: str) -> str:
        """What goes to one process: tests of the same answer."""
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """`make test` and its like; other ways to share out stay as they are."""
    return FilesAndFolders(config, log) if config.option.dist == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What stands by now stays to the end: looking through it for garbage again and again takes a twentieth of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file stay together, in their order: each process takes file after file (`make test`)."""
    files = dict.fromkeys(_file(item) for item in items)
    places = [(next((n for n, name in enumerate(EARLY) if file.startswith(name)), len(EARLY)), file) for file in files]
    order = {file: number for number, (_, file) in enumerate(sorted(places, key=lambda place: place[0]))}
    items.sort(key=lambda item: (order[_file(item)], item.get_closest_marker("tool") is None))


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]

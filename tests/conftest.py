"""What every test has at hand. The cast (Mia, Otto, Pat) and their fixtures stand in tests/cast.py."""

import importlib.util

import pytest
from django.core.servers.basehttp import WSGIRequestHandler

from tests.settings import services

# Loaded when it exists, so that the tests of one app run while another is being built.
pytest_plugins = [
    name
    for name in (
        "tests.cast",
        "tests.sandbox",
        "tests.browser",
        "tests.fake_rates",
        "tests.desk",
        "tests.operators",
        "tests.rate_limits",
        "tests.strangers.fixtures",
        "tests.traces",
    )
    if importlib.util.find_spec(name)
]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Starts PostgreSQL and Valkey, unless they were given or this is a worker of a run that has them."""
    # Django's test server sends head and body apart: by Nagle's algorithm each answer would wait 40 ms in between.
    WSGIRequestHandler.disable_nagle_algorithm = True
    config.add_cleanup(services.stop)
    if not config.option.collectonly:
        services.start()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tools of `make check` begin first: the type checker is slow, and at the end nothing could run beside it."""
    items.sort(key=lambda item: item.get_closest_marker("tool") is None)

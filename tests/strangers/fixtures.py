"""The strangers are in the database of every test, and after each test they are as they were."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from merchants_app.businesses.money_rules import change_settings
from tests.pictures import picture
from tests.strangers import handing_on, kept
from tests.strangers.seed import make_strangers
from tests.strangers.size import WORD, summary
from tests.strangers.world import CAST
from tests.template import template

_DATABASE = ("db", "transactional_db", "live_server")


class _State:
    """Of this process: whether the database is made, and whether a test emptied it since."""

    blocker: DjangoDbBlocker | None = None
    emptied = False
    print: dict[str, str]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "moves_everybody(why): what it does is done to all businesses, rightly")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Before a database is made there is what it is copied from."""
    template()
    handing_on.take_over()


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The database, with the strangers in it. pytest-django makes none where no test of the run is said to use it."""
    if not any(map(_uses_database, request.session.items)):
        handing_on.let_others()
        return
    with django_db_blocker.unblock():
        if not CAST:
            kept.set_sequences_apart()
            make_strangers()
            _draw_logos()
            handing_on.hand_on()
        kept.keep()
        _State.print = kept.fingerprint()
        connection.close()
    _State.blocker = django_db_blocker


def _uses_database(item: Any) -> bool:
    return bool(item.get_closest_marker("django_db")) or any(name in item.fixturenames for name in _DATABASE)


def _commits(item: Any) -> bool:
    marker = item.get_closest_marker("django_db")
    given = marker.kwargs.get("transaction", False) if marker else False
    return bool(given) or any(name in item.fixturenames for name in _DATABASE[1:])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that commits has all tables emptied after it: before the next one, the strangers come back."""
    if not (_State.blocker and _uses_database(item)):
        return
    with _State.blocker.unblock():
        if _State.emptied:
            kept.put_back()
            _State.emptied = False
        kept.note_what_is_written()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Before anything is undone, what belongs to the strangers is compared with what it was."""
    changed: list[str] = []
    if _uses_database(item) and _State.blocker:
        with _State.blocker.unblock():
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()  # a test may have had the server end it
            if not (item.get_closest_marker("moves_everybody") or _is_broken()):
                changed = kept.changed_since(_State.print)
    try:
        yield
    finally:
        _State.emptied |= _uses_database(item) and _commits(item)
    assert not changed, f"What belongs to Zoe or Yan, who have nothing to do with this test, was changed: {changed}."


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How large the stranger matrix was, as far as it ran here."""
    calls = {
        value[0]: value[1]
        for reports in terminalreporter.stats.values()
        for report in reports
        for word, value in getattr(report, "user_properties", ())
        if word == WORD
    }
    if calls:
        terminalreporter.write_line(summary(calls))


def _is_broken() -> bool:
    """A statement failed and the test left it at that: nothing can be asked any more, and nothing will be kept."""
    return connection.in_atomic_block and transaction.get_rollback()


def _draw_logos() -> None:
    """One each, of another colour."""
    for number, merchant in enumerate({world.merchant for world in CAST.values()}):
        change_settings(merchant=merchant, logo=picture(size=(8, 8), color=(number * 90, 90, 90)), actor="owner")

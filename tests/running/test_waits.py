"""Nobody is let wait for PostgreSQL without end, nor keep others waiting: neither who answers, nor who works."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.backends.signals import connection_created
from django.utils import timezone

from checkout_project.errors.outage import is_outage
from common.postgresql import waits
from sessions_app.models import CheckoutSession
from sessions_app.paying.scenarios import simulate
from sessions_app.watching.watcher import watch_network
from tests.cast import MIAS_WALLET, merchant, refreshed
from tests.locks.stage import SANDBOX, waiting_for_money
from tests.races import closing
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def _limited() -> Iterator[None]:
    waits.begin()
    yield
    connection_created.disconnect(dispatch_uid="waits")


@pytest.fixture
def in_thread(db: None, _limited: None) -> Callable[..., Any]:
    """What comes of asking the database on a connection of a thread's own; an error is given, not raised."""

    def ask(sql: str, *, is_answering: bool) -> Any:
        found: list[Any] = []

        def run() -> None:
            if is_answering:
                waits.somebody_waits()
            try:
                with connection.cursor() as cursor:
                    cursor.execute(sql)
                    found.append(cursor.fetchone()[0])
            except OperationalError as error:
                found.append(error)
            finally:
                connection.close()

        thread = Thread(target=run)
        thread.start()
        thread.join()
        return found[0]

    return ask


def test_what_the_doctor_tells_to_set_on_a_role_stands_in_the_docs() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert [name for name, limit in waits.OF_THE_ROLE.items() if f"{name} = '{limit}'" not in page] == []


@pytest.mark.parametrize(("is_answering", "statement", "lock"), [(True, "30s", "10s"), (False, "5min", "20s")])
def test_how_long_each_may_wait(
    in_thread: Callable[..., Any], *, is_answering: bool, statement: str, lock: str
) -> None:
    asked = {
        name: in_thread(f"SHOW {name}", is_answering=is_answering)
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    }
    assert list(asked.values()) == [statement, lock, "2min"]


def test_behind_a_pooler_and_where_the_url_says_it_nothing_is_set(
    in_thread: Callable[..., Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATABASE_POOLER = "transaction"
    assert in_thread("SHOW lock_timeout", is_answering=False) == "0"
    settings.DATABASE_POOLER = ""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c lock_timeout=3s")
    assert in_thread("SHOW lock_timeout", is_answering=False) == "3s"


@contextmanager
def held(session: CheckoutSession) -> Iterator[None]:
    """Somebody has begun a transaction on it, and is not heard of again."""
    taken, over = Event(), Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sessions_app_checkoutsession WHERE id = %s FOR UPDATE", [session.pk])
            taken.set()
            over.wait(60)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(closing(hold))
        taken.wait(10)
        yield
        over.set()
        holding.exception()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_limited")
@pytest.mark.parametrize("how", ["its machine vanished", "somebody looks at it"])
def test_a_network_is_read_on_whoever_holds_one_of_its_sessions(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    session = waiting_for_money(merchant("Mia Coffee", MIAS_WALLET))
    vanished = how == "its machine vanished"
    monkeypatch.setattr(waits, "IDLE_SECONDS" if vanished else "JOBS_LOCK_SECONDS", 0.5)
    simulate(session=session, scenario="exact", now=timezone.now())

    def is_seen() -> bool:
        watch_network(SANDBOX)
        return refreshed(session).status != "open"

    def read() -> bool:
        return wait_until(is_seen)

    with held(session), ThreadPoolExecutor(1) as pool:
        problem = pool.submit(closing(read)).exception(20)
        assert vanished == (problem is None)
    assert vanished or is_outage(problem)
    assert read()


def test_a_statement_that_takes_too_long_is_answered_like_an_outage(
    in_thread: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "STATEMENT_SECONDS", 0.05)
    assert is_outage(in_thread("SELECT pg_sleep(5)", is_answering=True))

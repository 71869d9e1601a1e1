"""The database backend: a connection that the server ended is noticed without asking, and statements are prepared."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from common.hand_sql import rows
from common.postgresql.base import _numbered

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def another() -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection to the same database that Django knows nothing of."""
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as made:
        yield made
    connection.close()  # whatever became of ours, the next test begins anew


def end_ours(another: "psycopg.Connection[tuple[object, ...]]") -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert another.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)


def test_an_idle_connection_is_used_without_asking(another: "psycopg.Connection[tuple[object, ...]]") -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert connection.is_usable()
    last = another.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    assert last == ("SELECT pg_backend_pid()",)


def test_one_that_the_server_ended_is_noticed(another: "psycopg.Connection[tuple[object, ...]]") -> None:
    end_ours(another)
    assert not connection.is_usable()


def test_a_request_after_that_gets_a_new_one(another: "psycopg.Connection[tuple[object, ...]]") -> None:
    end_ours(another)
    connection.health_check_enabled, connection.health_check_done = True, False  # as at the start of a request
    assert rows("SELECT %s::int", [7]) == [(7,)]


def test_a_statement_is_prepared_once() -> None:
    for number in (1, 2):
        assert rows("SELECT %(a)s::int + %(b)s::int + %(a)s::int", {"a": number, "b": 5}) == [(5 + 2 * number,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans + custom_plans FROM pg_prepared_statements")
        assert cursor.fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("given", "text", "names"),
    [
        ("SELECT 1", b"SELECT 1", None),
        ("SELECT %s, %s", b"SELECT $1, $2", None),
        ("SELECT %(b)s, %(a)s, %(b)s", b"SELECT $1, $2, $1", ("b", "a")),
    ],
)
def test_placeholders_are_numbered(given: str, text: bytes, names: tuple[str, ...] | None) -> None:
    assert _numbered(given) == (text, names)

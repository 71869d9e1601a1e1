"""The database backend: a connection that the server ended is noticed without asking, and statements are prepared."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import DataError, NotSupportedError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from checkout_project import env
from common.database import fetch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def another() -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection to the same database that Django knows nothing of."""
    connection.close()  # whatever the test before did to ours: after an error it would be asked whether it is usable
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as made:
        yield made
    connection.close()


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
    assert fetch("SELECT %s::int", [7]) == [(7,)]


def prepared() -> list[tuple[str, int]]:
    """The statements that the server keeps ready, and how often each was run so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        return list(cursor.fetchall())


def often(sql: str) -> None:
    """As often as it takes until the driver prepares it."""
    for _ in range(6):
        fetch(sql, ())


def test_a_statement_that_is_asked_often_is_prepared_once() -> None:
    for number in range(8):
        assert fetch("SELECT %(a)s::int + %(b)s::int + %(a)s::int", {"a": number, "b": 5}) == [(5 + 2 * number,)]
    assert prepared() == [("SELECT $1::int + $2::int + $1::int", 3)]


def test_nothing_is_prepared_behind_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PREPARE", "no")
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", env.database("DATABASE_URL")["OPTIONS"])
    connection.close()
    try:
        often("SELECT 1")
        assert prepared() == []
    finally:
        connection.close()


def test_the_least_recently_used_statement_gives_way() -> None:
    for number in range(102):
        often("SELECT 0 AS often")
        often(f"SELECT {number}")
    ready = {text for text, _ in prepared()}
    assert 100 <= len(ready) <= 101  # the last one goes with the next statement
    assert "SELECT 0 AS often" in ready
    assert "SELECT 101" in ready
    assert "SELECT 0" not in ready


def test_a_statement_that_its_table_outdated_is_prepared_anew(
    another: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    another.execute("CREATE TABLE outdated (it) AS SELECT 1")
    try:
        often("SELECT * FROM outdated")
        another.execute("ALTER TABLE outdated ALTER it TYPE text")
        with pytest.raises(NotSupportedError, match="cached plan must not change"):
            fetch("SELECT * FROM outdated", ())
        connection.close_if_unusable_or_obsolete()  # as after each request
        assert fetch("SELECT * FROM outdated", ()) == [("1",)]
    finally:
        another.execute("DROP TABLE outdated")


def test_it_outlives_a_transaction_that_was_rolled_back() -> None:
    with transaction.atomic():
        fetch("SELECT 1", ())
        transaction.set_rollback(True)
    assert fetch("SELECT 1", ()) == [(1,)]


def test_an_error_is_djangos_and_breaks_the_transaction_as_any_other() -> None:
    with transaction.atomic():
        with pytest.raises(DataError, match="division by zero"):
            fetch("SELECT 1 / %s::int", [0])
        transaction.set_rollback(True)
    assert fetch("SELECT 1 / %s::int", [1]) == [(1,)]


def test_nothing_is_run_in_a_broken_transaction() -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError, match="error occurred in the current transaction"):
            fetch("SELECT 1", ())


def test_a_server_that_ends_the_connection_meanwhile_is_an_operational_error(
    another: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    fetch("SELECT 1", ())
    end_ours(another)
    with pytest.raises(OperationalError):
        fetch("SELECT 1", ())
    connection.close_if_unusable_or_obsolete()  # as after each request
    assert fetch("SELECT 1", ()) == [(1,)]


def test_queries_that_are_counted_are_counted() -> None:
    with CaptureQueriesContext(connection) as seen:
        assert fetch("SELECT %(a)s::text", {"a": "x"}) == [("x",)]
    assert [query["sql"] for query in seen] == ["SELECT 'x'::text"]


def test_the_same_value_may_stand_in_a_statement_twice() -> None:
    assert fetch("SELECT %(b)s::text, %(a)s::int, %(b)s::text", {"a": 1, "b": "x"}) == [("x", 1, "x")]


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**40), max_value=10**40))
def test_a_number_arrives_with_all_its_digits(number: Decimal) -> None:
    ((same,),) = fetch("SELECT %s::numeric(60, 18)", [number])
    assert (same, same.as_tuple().exponent) == (number, -18)


ZONES = st.sampled_from([UTC, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York")])


@given(moment=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=ZONES))  # noqa: DTZ001  (no zone yet)
def test_a_moment_arrives_to_the_microsecond(moment: datetime) -> None:
    ((same, read, nothing),) = fetch(
        "SELECT %(at)s::timestamptz, %(at)s::timestamptz = %(text)s::text::timestamptz, %(none)s::timestamptz",
        {"at": moment, "text": moment.astimezone(UTC).isoformat(), "none": None},
    )
    assert (same.astimezone(UTC), read, nothing) == (moment.astimezone(UTC), True, None)


def test_a_statement_that_comes_first_in_a_transaction_is_undone_with_it(
    another: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    another.execute("CREATE TABLE undone (it int)")
    try:
        with transaction.atomic():
            fetch("INSERT INTO undone VALUES (%s::int) RETURNING it", [1])
            assert another.execute("SELECT count(*) FROM undone").fetchone() == (0,)
            transaction.set_rollback(True)
        assert fetch("SELECT count(*) FROM undone", ()) == [(0,)]
        with transaction.atomic():
            fetch("INSERT INTO undone VALUES (%s::int) RETURNING it", [2])
        assert another.execute("SELECT it FROM undone").fetchall() == [(2,)]
    finally:
        another.execute("DROP TABLE undone")

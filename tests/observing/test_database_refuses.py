"""A database that can be read and takes nothing: who is to mend it sees so, and others are told the truth."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, InternalError, OperationalError, connection, transaction
from django.test import Client
from psycopg.errors import LockNotAvailable, ReadOnlySqlTransaction
from structlog.testing import capture_logs

from checkout_project.errors.outage import Outage, in_words, is_outage
from tests.operators import Operator

# How each comes about, and the end of it. PostgreSQL's limit of temporary files is told as a full disk is: class 53.
REFUSALS = {
    "read-only": ("SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
    "out of disk or memory": ("SET temp_file_limit = '1kB'", "RESET temp_file_limit"),
}
TOLD = {
    "25006": "The database takes no changes at the moment.",
    "53100": "The database has run out of disk, memory or connections.",
    "53400": "The database has run out of disk, memory or connections.",
    "55P03": "The database took too long to answer.",
    "57014": "The database took too long to answer.",
    "57P01": "The database cannot be reached at the moment.",
}


@pytest.fixture(params=REFUSALS)
def refusal(request: pytest.FixtureRequest, operator: Operator, looks_each_time: None) -> Iterator[str]:
    begin, end = REFUSALS[request.param]
    with connection.cursor() as cursor:
        cursor.execute(begin)
        yield request.param
        cursor.execute(end)


@pytest.mark.django_db(transaction=True)
def test_the_admins_first_page_opens_and_says_what_is_wrong(operator: Operator, client: Client, refusal: str) -> None:
    assert f"Database: {refusal}" in operator.read("")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, refusal)
    told = client.get("/metrics").content.decode()
    assert "tallystick_database_writable 0.0" in told
    assert "tallystick_database_up 1.0" in told


@pytest.mark.django_db
@pytest.mark.parametrize("code", TOLD)
def test_each_is_told_as_what_it_is(code: str) -> None:
    with pytest.raises(DatabaseError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'as made' USING ERRCODE = '{code}'; END $$")
    assert is_outage(raised.value)
    assert in_words(raised.value) == f"{TOLD[code]} Nothing was done. Try again in a few seconds."


def test_a_new_connection_is_no_end_of_what_was_refused_just_now(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("checkout_project.errors.outage.time.monotonic", lambda: now)
    refused = InternalError("cannot execute UPDATE in a read-only transaction")
    refused.__cause__ = ReadOnlySqlTransaction()
    database = Outage("database")
    with capture_logs() as written:
        for now in (1000.0, 1020.0, 1040.0, 1110.0):
            if now < 1100:
                database.noticed(refused)
            database.over()
    assert [(line["event"], line.get("after_seconds")) for line in written] == [
        ("database.read_only", None),
        ("database.back", 110.0),
    ]


def test_a_slow_statement_is_no_outage_and_hides_none(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("checkout_project.errors.outage.time.monotonic", lambda: now)
    slow, away = OperationalError("canceling statement due to lock timeout"), OperationalError("connection refused")
    slow.__cause__ = LockNotAvailable()
    database = Outage("database")
    with capture_logs() as written:
        for moment, error in ((1000.0, slow), (1010.0, slow), (1310.0, slow), (1311.0, away)):
            now = moment
            database.noticed(error)
            database.over()
    assert [(line["event"], line.get("after_seconds")) for line in written] == [
        ("database.slow", None),
        ("database.slow", None),
        ("database.away", None),
        ("database.back", 0.0),
    ]

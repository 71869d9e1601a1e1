"""Lists and files are read from the replica: while it is there and has caught up, and not by who has just changed some.

The replica is another connection to the same database, which may only read.
"""

import socket
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from common import replica
from common.replica import REPLICA, Freshness, from_replica, reading_alias
from merchants_app.models import Merchant
from sessions_app.books.exports import file
from sessions_app.books.wishes import Export, Wish
from sessions_app.books.writing import Style
from sessions_app.models import CheckoutSession
from tests.desk import Desk
from tests.operators import Operator

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", REPLICA])


@pytest.fixture(scope="module", autouse=True)
def named(django_db_setup: None) -> Iterator[None]:
    mine = deepcopy(connections.settings["default"])
    mine["OPTIONS"] |= {"options": "-c default_transaction_read_only=on"}
    mine["TEST"]["MIRROR"] = "default"  # so that nobody makes or empties it
    connections.settings[REPLICA] = mine
    yield
    del connections.settings[REPLICA], connections[REPLICA]


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(replica, "LOOKED_AT_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(replica, "LEFT_ALONE_SECONDS", 0.0)
    monkeypatch.setattr(replica, "freshness", Freshness(begin=lambda ask: ask()))  # by this thread's connection
    yield
    connections[REPLICA].close()


def is_a_look(sql: str) -> bool:
    """Whether it only asks how far behind it is."""
    return "pg_control_system" in sql or "pg_current_wal_lsn" in sql


def asked_of_it(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connections[REPLICA]) as seen:
        act()
    return [query["sql"] for query in seen if not is_a_look(query["sql"])]


def listed(desk: Desk) -> Callable[[], object]:
    def act() -> None:
        assert "49.00" in desk.read("sessions")

    return act


def test_a_list_is_read_there(copy: None, desk: Desk, session: CheckoutSession) -> None:
    asked = asked_of_it(listed(desk))
    assert any("sessions_app_checkoutsession" in sql for sql in asked)
    assert any("sum(amount)" in sql for sql in asked)


def test_who_has_just_changed_something_reads_what_they_wrote(copy: None, desk: Desk, session: CheckoutSession) -> None:
    assert desk.post(f"sessions/{session.public_id}/cancel").status_code == 302
    assert asked_of_it(listed(desk)) == []


def test_one_that_is_behind_is_not_asked(
    copy: None, desk: Desk, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MOST_BEHIND_SECONDS", -1.0)
    assert asked_of_it(listed(desk)) == []


@pytest.fixture
def nobody_may_identify(copy: None) -> Iterator[None]:
    """As hosted servers have it."""
    with connection.cursor() as cursor, connections[REPLICA].cursor() as its_cursor:
        cursor.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        for each in (cursor, its_cursor):
            each.execute("SET ROLE pg_read_all_data")
        yield
        for each in (cursor, its_cursor):
            each.execute("RESET ROLE")
        cursor.execute("GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC")


def test_one_that_may_not_say_which_server_it_copies_is_asked(nobody_may_identify: None) -> None:
    with from_replica() as lags:
        assert lags
        [asked] = asked_of_it(CheckoutSession.objects.exists)
    assert "sessions_app_checkoutsession" in asked


def test_one_of_another_server_is_not_asked(copy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "system_of", {"default": 1, REPLICA: 2}.get)
    with from_replica() as lags:
        assert not lags


def test_one_that_is_away_costs_no_page(
    copy: None, desk: Desk, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections[REPLICA].close()
    monkeypatch.setitem(connections[REPLICA].settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connections[REPLICA].settings_dict, "PORT", "1")
    with capture_logs() as told:
        listed(desk)()
    assert "replica.away" in {each["event"] for each in told}


def test_what_fails_there_is_read_from_the_primary(copy: None, desk: Desk, session: CheckoutSession) -> None:
    failed: list[str] = []

    def fails(execute: object, sql: str, *more: object) -> object:
        if is_a_look(sql):
            return execute(sql, *more)  # type: ignore[operator]
        failed.append(sql)
        raise OperationalError("canceling statement due to conflict with recovery")

    with connections[REPLICA].execute_wrapper(fails):
        listed(desk)()
    assert failed


def test_a_file_is_read_there(copy: None, mia: Merchant, session: CheckoutSession) -> None:
    wish = Wish(merchant=mia, mode="test", what=Export.SESSIONS, first=date(2020, 1, 1), last=date(2999, 1, 1),
                is_final=False, asset="", network="")  # fmt: skip
    with from_replica():
        pieces = file(wish, Style())
    assert any("sessions_app_checkoutsession" in sql for sql in asked_of_it(lambda: b"".join(pieces)))


def test_what_was_read_there_is_written_to_the_primary(copy: None, session: CheckoutSession) -> None:
    with from_replica() as lags:
        found = CheckoutSession.objects.get(pk=session.pk)
        found.save()
    assert lags


def test_a_transaction_reads_what_it_wrote(copy: None) -> None:
    with transaction.atomic(), from_replica():
        assert reading_alias() == connection.alias
    with from_replica():
        assert reading_alias() == REPLICA


@pytest.mark.usefixtures("looks_each_time")
def test_readiness_numbers_and_the_operators_page_tell_of_it(
    copy: None, client: Client, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> str:
        word: str = client.get("/readyz").json()["replica"]
        assert f"tallystick_replica_of_use {float(word == 'ok')}" in client.get("/metrics").content.decode()
        assert (f"Replica: {word}" in operator.read("")) is (word != "ok")
        return word

    now = [time.monotonic()]
    monkeypatch.setattr(replica, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert told() == "ok"
    monkeypatch.setattr(replica, "place_of", {"default": 2**62, REPLICA: 1}.get)
    assert told() == "ok"
    now[0] += 40
    assert told() == "40 s behind"
    monkeypatch.setattr(replica, "system_of", {"default": 1, REPLICA: 2}.get)
    assert told() == "a copy of another database"


def test_one_that_cannot_be_reached_is_told_and_left_alone(copy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "LEFT_ALONE_SECONDS", 30.0)
    connections[REPLICA].close()
    monkeypatch.setitem(connections[REPLICA].settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connections[REPLICA].settings_dict, "PORT", "1")
    with capture_logs() as said:
        assert [replica.trouble(), replica.trouble()] == ["unreachable", "unreachable"]
    assert [line["event"] for line in said] == ["replica.away"]


def test_one_that_takes_calls_and_says_nothing_keeps_nobody_waiting(
    copy: None, desk: Desk, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "freshness", Freshness())
    monkeypatch.setattr(replica, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(replica, "ANSWERS_WITHIN_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connections.settings[REPLICA], "HOST", "127.0.0.1")
        monkeypatch.setitem(connections.settings[REPLICA], "PORT", str(silent.getsockname()[1]))
        listed(desk)()
        assert replica.trouble() == "unreachable"
        silent.accept()[0].close()

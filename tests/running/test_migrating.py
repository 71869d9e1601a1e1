"""`migrate` lets a table be used by who uses it, and comes back."""

import time
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate as django
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from checkout_project.management.commands import migrate
from common.postgresql.poolers import is_pooled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def export() -> Iterator[BaseDatabaseWrapper]:
    """Reads a table for long."""
    second = connection.copy()
    second.set_autocommit(False)
    second.cursor().execute("SELECT FROM sessions_app_receipt")
    yield second
    second.close()


@pytest.fixture(autouse=True)
def change(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that there is to migrate."""

    def change_the_table(*_: object, **__: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE sessions_app_receipt IN ACCESS EXCLUSIVE MODE")

    monkeypatch.setattr(django.Command, "handle", change_the_table)
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")


def test_it_waits_briefly_for_a_table_and_tries_again(
    export: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: export.rollback())
    call_command("migrate", skip_checks=True)
    assert capsys.readouterr().err == "Somebody uses the table for longer than 50ms: trying again.\n"
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_it_gives_up_in_the_end(export: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(migrate, "TRIES", 2)
    with pytest.raises(OperationalError, match="lock timeout"):
        call_command("migrate", skip_checks=True)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where the role ends statements that take long: `ALTER ROLE … SET statement_timeout`."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c statement_timeout=200ms")
    yield
    connection.close()


@pytest.mark.usefixtures("hurried")
def test_a_change_may_take_longer_than_the_role_lets_statements_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django.Command, "handle", lambda *_, **__: asked("SELECT 'done' FROM pg_sleep(0.5)"))
    call_command("migrate", skip_checks=True)
    assert asked("SHOW statement_timeout") == "200ms"


@pytest.mark.usefixtures("pooled")
def test_through_a_pooler_it_looks_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django.Command, "handle", lambda *_, **__: asked("SHOW lock_timeout"))
    for looks in ({"check_unapplied": True}, {"plan": True}):
        call_command("migrate", skip_checks=True, **looks)
    with pytest.raises(CommandError, match="give this command PostgreSQL's own address"):
        call_command("migrate", skip_checks=True)
    assert {asked("SHOW lock_timeout") for _ in range(4)} == {"0"}


@pytest.mark.usefixtures("pooled_by_session")
def test_through_a_pooler_that_gives_it_a_connection_of_its_own_it_migrates(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(django.Command, "handle", lambda *_, **__: seen.append(asked("SHOW lock_timeout")))
    call_command("migrate", skip_checks=True)
    assert is_pooled()
    assert (seen, asked("SHOW lock_timeout")) == (["50ms"], "0")


def asked(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]

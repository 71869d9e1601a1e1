"""A shop in the middle of its day, backed up and restored on another server: nothing is lost, it sells on, and nobody
is told twice before the operator says so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.test import override_settings

from chains_app.calls.readers import reader_for
from chains_app.networks.networks import network
from checkout_project.restoring.noticing import notice_copies
from checkout_project.restoring.releasing import what_waits
from merchants_app.models import Installation, Merchant
from sessions_app.models import CheckoutSession
from sessions_app.watching.watcher import watch
from tests.cast import Api, terms
from tests.waiting import wait_until
from tests.webhooks_app.receiver import Receiver
from webhooks_app.events.positions import JUMP
from webhooks_app.models import Event
from webhooks_app.sending.thread import SenderThread

# By restoring: it is held, addresses are left out, and `migrate` writes what operators' groups may.
WRITTEN_ANEW = {"merchants_app_installation", "merchants_app_xpubaccount", "auth_group_permissions"}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.moves_everybody("all of them are restored")]


def test_an_installation_that_is_restored_loses_nothing_and_speaks_when_it_may(
    mia: Merchant, api: Api, tmp_path: Path, move: Callable[[], None], settings: LazySettings,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with Receiver() as receiver:
        api.post("webhook-endpoints", {"url": f"{receiver.url}/hooks"})
        session = api.post("checkout", terms()).answer["id"]
        api.post(f"checkout/{session}/quote", {"asset": "USDC", "network": "sandbox"})
        watch(network("sandbox"), reader_for(network("sandbox")))
        told = api.get("events").answer[-1]["position"]
        file = tmp_path / "tallystick.dump"
        notice_copies()  # as each start
        before = Installation.objects.values().get()
        with override_settings(PUBLIC_URL="https://elsewhere.example", ENCRYPTION_KEYS=["another"]):
            call_command("backup", str(file))
        assert Installation.objects.values().get() == before
        assert file.stat().st_mode & 0o777 == 0o600

        for refused in refusals(file, settings):
            with pytest.raises(CommandError, match=refused):
                call_command("restore", str(file))

        move()
        call_command("restore", str(file))
        assert "sandbox from block" in capsys.readouterr().out
        sender = SenderThread()
        sender.start()
        try:
            assert api.post(f"checkout/{session}/simulate", {"scenario": "exact"}).status_code == 200
            wait_until(lambda: paid(session))
            news = api.get(f"events?after={told}").answer
            assert [each["type"] for each in news][-1] == "checkout.completed"
            assert all(each["position"] > told + JUMP for each in news)
            assert receiver.messages == []
            call_command("release", "--yes")
            assert "127.0.0.1" in capsys.readouterr().out
            wait_until(lambda: len(receiver.messages) >= 1 + len(news))
        finally:
            sender.stop()


def test_on_another_server_no_row_is_lost_and_what_is_new_finds_its_place(
    mia: Merchant, api: Api, tmp_path: Path, move: Callable[[], None]
) -> None:
    notice_copies()  # as each start
    before, numbers, server = rows_by_table(), counters(), system_identifier()
    call_command("backup", str(tmp_path / "tallystick.dump"))
    move()
    call_command("restore", str(tmp_path / "tallystick.dump"))
    assert system_identifier() != server
    after = rows_by_table()
    assert full(after) == full(before)
    assert {name for name in before if after[name] != before[name]} == WRITTEN_ANEW
    assert len(full(before)) > 30
    assert all(number >= numbers[name] for name, number in counters().items())
    told = Event.objects.latest("pk").pk
    sell(api)
    new = Event.objects.filter(pk__gt=told)
    assert new.latest("pk").type == "checkout.completed"
    assert min(new.values_list("pk", flat=True)) > told + JUMP
    assert not [name for name in chunks_of(new) if name.endswith("_beyond")]
    assert what_waits()


def sell(api: Api) -> None:
    """One order, from its making to its payment."""
    session = api.post("checkout", terms()).answer["id"]
    assert api.post(f"checkout/{session}/simulate", {"scenario": "exact", "asset": "USDC"}).status_code == 200
    wait_until(lambda: paid(session))


def rows_by_table() -> dict[str, tuple[int, int]]:
    """How many there are in each, chunk by chunk, and the sum of a number that is made of each row's whole text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        found = {}
        for (name,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*), sum(hashtextextended(it::text, 0)::numeric) FROM {name} AS it")
            found[name] = cursor.fetchone()
        return found


def full(tables: dict[str, tuple[int, int]]) -> dict[str, int]:
    """How many rows, of those that have any: empty ones are made ahead."""
    return {name: rows for name, (rows, _) in tables.items() if rows}


def counters() -> dict[str, int]:
    """The last number that each gave out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'")
        return dict(cursor.fetchall())


def chunks_of(events: QuerySet[Event]) -> set[str]:
    """The tables that they stand in."""
    return {*events.annotate(chunk=RawSQL("tableoid::regclass::text", [])).values_list("chunk", flat=True)}


def system_identifier() -> int:
    """Of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier FROM pg_control_system()")
        return int(cursor.fetchone()[0])


def refusals(file: Path, settings: LazySettings) -> Iterator[str]:
    """What restore says before it writes anything, each as it comes to be."""
    yield "The database is not empty"
    keys = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
    yield "lacks 1 of the 1 keys"
    settings.ENCRYPTION_KEYS = keys


def paid(session: str) -> bool:
    """Once the watcher has read on."""
    watch(network("sandbox"), reader_for(network("sandbox")))
    return CheckoutSession.objects.get(public_id=session).status == "completed"


def test_what_is_no_backup_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore", str(file))
    file.write_text("not a dump")
    with pytest.raises(CommandError, match="pg_restore failed"):
        call_command("restore", str(file))
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(file))
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("backup", str(tmp_path / "none" / "file"))

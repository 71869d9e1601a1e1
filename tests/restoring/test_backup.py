"""A shop in the middle of its day, backed up and restored into an empty database: it sells on, and nobody is told twice
before the operator says so."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from chains_app.calls.readers import reader_for
from chains_app.networks.networks import network
from checkout_project.restoring.noticing import notice_copies
from merchants_app.models import Installation, Merchant
from sessions_app.models import CheckoutSession
from sessions_app.watching.watcher import watch
from tests.cast import Api, terms
from tests.waiting import wait_until
from tests.webhooks_app.receiver import Receiver
from webhooks_app.events.positions import JUMP
from webhooks_app.sending.thread import SenderThread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.moves_everybody("all of them are restored")]


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """An empty database, as on another machine, and whose name leads there once it is taken."""
    name = f"restored_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def moved(elsewhere: str) -> Iterator[pytest.MonkeyPatch]:
    """Lets a test move there by `moved.setitem`; before the database is dropped it is back."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
        connection.close()
    connection.close()


def test_an_installation_that_is_restored_loses_nothing_and_speaks_when_it_may(
    mia: Merchant, api: Api, tmp_path: Path, elsewhere: str, moved: pytest.MonkeyPatch, settings: LazySettings,
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

        connection.close()
        moved.setitem(connection.settings_dict, "NAME", elsewhere)
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

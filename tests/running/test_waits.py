"""Whoever waits for an answer is not let wait for PostgreSQL without end; streams and workers are."""

import os
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import OperationalError, connection

from checkout_project.outage import is_outage
from checkout_project.start import refuse_wrong_networks
from checkout_project.web import waits


@pytest.fixture
def in_thread(db: None) -> Callable[..., Any]:
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
        waits.begin()
        thread.start()
        thread.join()
        return found[0]

    return ask


def test_only_answers_are_limited(in_thread: Callable[..., Any]) -> None:
    assert in_thread("SHOW statement_timeout", is_answering=True) == "30s"
    assert in_thread("SHOW lock_timeout", is_answering=True) == "10s"
    assert in_thread("SHOW statement_timeout", is_answering=False) == "0"


def test_a_statement_that_takes_too_long_is_answered_like_an_outage(
    in_thread: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "STATEMENT_SECONDS", 0.05)
    assert is_outage(in_thread("SELECT pg_sleep(5)", is_answering=True))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("RPC_URL_BASE", "ftp://node.example", "RPC_URL_BASE: URL number 1 is not of the form https://host/path."),
        ("RPC_URL_BAES", "https://node.example", "RPC_URL_BAES names no network that is known."),
    ],
)
def test_networks_that_cannot_be_read_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    refuse_wrong_networks()
    monkeypatch.setitem(os.environ, name, value)
    with pytest.raises(SystemExit) as ended:
        refuse_wrong_networks()
    assert "Not started: the environment is wrong" in str(ended.value)
    assert words in str(ended.value)

"""Anybody may ask `/readyz`: it costs little, tells strangers little, and is answered while the rest hangs."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from checkout_project.facts.installation import Facts, facts
from checkout_project.health import looking
from checkout_project.health.looking import Looks
from tests.waiting import wait_until

SUMMARY = {"status", "unready", "degraded"}


@pytest.fixture(autouse=True)
def _looked(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment ago, within the test's own transaction."""
    looks = Looks(facts, begin=lambda look: look())
    monkeypatch.setattr("checkout_project.health.views.LOOKS", looks)
    looks.last()


def test_asking_again_costs_one_small_statement(client: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        for _ in range(3):
            assert client.get("/readyz").status_code == 200
    assert len(asked) == 3
    assert all("generate_series" not in each["sql"] and " FROM " not in each["sql"] for each in asked)


@pytest.mark.parametrize(
    ("asks", "is_told"),
    [
        ({}, True),
        ({"REMOTE_ADDR": "10.42.0.7"}, True),
        ({"REMOTE_ADDR": "9.9.9.9"}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({"HTTP_X_FORWARDED_FOR": "9.9.9.9"}, False),
        ({"HTTP_FORWARDED": "for=9.9.9.9"}, False),
        ({"REMOTE_ADDR": "9.9.9.9", "HTTP_AUTHORIZATION": "Bearer let-me-in"}, False),
    ],
)
def test_words_and_figures_are_for_those_inside(client: Client, asks: dict[str, Any], is_told: bool) -> None:
    said = client.get("/readyz", **asks).json()
    assert (said.keys() == SUMMARY) != is_told
    assert said.keys() >= SUMMARY


def test_who_has_the_token_is_told_from_anywhere(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "let-me-in"
    far = {"REMOTE_ADDR": "9.9.9.9"}
    assert client.get("/readyz", **far).json().keys() == SUMMARY
    assert "seconds" in client.get("/readyz", **far, HTTP_AUTHORIZATION="Bearer let-me-in").json()


def test_while_a_look_hangs_it_is_the_only_one_and_all_have_their_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(looking, "EVERY_SECONDS", 0.0)
    go_on, begun, old = Event(), list[int](), facts()

    def look() -> Facts:
        begun.append(1)
        go_on.wait(10)
        return old

    hanging = Looks(look)
    assert [hanging.last() for _ in range(5)] == [None] * 5
    assert len(begun) == 1
    go_on.set()
    wait_until(lambda: hanging.last() is old)


def test_before_the_first_look_is_done_nothing_is_said_to_be_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    never: Callable[[], None] | None = None

    def keeps(look: Callable[[], None]) -> None:
        nonlocal never
        never = look

    monkeypatch.setattr(looking, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr("checkout_project.health.views.LOOKS", Looks(facts, begin=keeps))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["degraded"]) == (200, "ok", [])
    assert never


def test_what_was_found_long_ago_is_not_told_as_of_now(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, old = list[Callable[[], None]](), facts()
    hanging = Looks(lambda: old, begin=asked.append)
    monkeypatch.setattr("checkout_project.health.views.LOOKS", hanging)
    monkeypatch.setattr(looking, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(looking, "EVERY_SECONDS", 0.0)
    hanging.last()
    asked.pop()()
    assert "looks" not in client.get("/readyz").json()  # the next one has just begun
    monkeypatch.setattr(looking, "BELIEVED_SECONDS", 0.0)
    said = client.get("/readyz").json()
    assert said["degraded"] == ["looks"]
    assert said["looks"] == "none has come to an end for 0 s"
    assert "networks" not in said
    monkeypatch.setattr(looking, "BELIEVED_SECONDS", 30.0)
    asked.pop()()
    assert "networks" in client.get("/readyz").json()


def test_looks_that_break_are_told_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Looks(lambda: 1 / 0, begin=lambda look: look())  # type: ignore[arg-type,return-value]
    monkeypatch.setattr("checkout_project.health.views.LOOKS", broken)
    monkeypatch.setattr(looking, "EVERY_SECONDS", 0.0)
    assert client.get("/readyz").json()["degraded"] == []
    monkeypatch.setattr(looking, "BELIEVED_SECONDS", 0.0)
    assert client.get("/readyz").json()["degraded"] == ["looks"]


def test_a_look_that_breaks_is_followed_by_another() -> None:
    looks = Looks(lambda: 1 / 0, begin=lambda look: look())  # type: ignore[arg-type,return-value]
    assert looks.last() is None
    assert looks.last() is None

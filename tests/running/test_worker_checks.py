"""Before a worker starts, its nodes are asked all at once and not for long."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from celery.worker import state
from structlog.testing import capture_logs

from checkout_project import env
from checkout_project.checks import worker
from checkout_project.checks.worker import RefuseWrongPlace, VerifyNetworks
from checkout_project.doctor.inside import settings_are_right
from checkout_project.jobs.threads import worker_threads
from checkout_project.running import forks
from tests.anvil import Anvil
from tests.fake_node import FakeNode
from tests.loopback import HANG_UP, Asked, LoopbackServer, Response
from tests.waiting import wait_until

LIVE = ["ETHEREUM", "BASE", "ARBITRUM", "OPTIMISM", "POLYGON", "BSC"]


@pytest.fixture
def hanging_node() -> Iterator[str]:
    """Takes a question and never answers it."""

    class Hanging(LoopbackServer):
        def respond(self, asked: Asked) -> Response:
            self.hang()
            return HANG_UP

    with Hanging() as node:
        yield node.url


def test_nodes_that_hang_hold_up_the_start_once_and_not_for_long(
    hanging_node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "WAIT_SECONDS", 1.0)
    for name in LIVE:
        monkeypatch.setenv(f"RPC_URL_{name}", hanging_node)
    with capture_logs() as told:
        VerifyNetworks(None).create(None)
    [left] = [each for each in told if each["event"] == "networks.not_verified_yet"]
    assert left["of"] - left["answered"] == len(LIVE)


def test_a_wrong_node_that_answers_late_stops_the_worker_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "should_stop", None)
    monkeypatch.setattr(worker, "WAIT_SECONDS", 0.0)
    gone_on = threading.Event()

    def late(upstream: Callable[..., Any], *asked: Any) -> Any:
        gone_on.wait(60)
        return upstream("eth_chainId", *asked)

    with Anvil() as node, FakeNode(upstream=node.url) as line:
        line.answer("eth_chainId", late)
        monkeypatch.setenv("RPC_URL_SEPOLIA", line.url)
        VerifyNetworks(None).create(None)
        gone_on.set()
        wait_until(lambda: state.should_stop == 1)


@pytest.mark.parametrize(("ahead", "told"), [(-7, [-7]), (7, [7]), (1, [])])
def test_a_clock_that_is_not_the_databases_is_told_at_the_start(
    db: None, monkeypatch: pytest.MonkeyPatch, ahead: int, told: list[int]
) -> None:
    for closes_the_connection in ("refuse_unnamed_pooler", "notice_at_start"):
        monkeypatch.setattr(worker, closes_the_connection, lambda: None)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead)), capture_logs() as lines:
        RefuseWrongPlace(None).create(None)
    assert [line["seconds_ahead_of_the_database"] for line in lines if line["event"] == "clock.wrong"] == told


@pytest.fixture
def six_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the sandbox; each needs three threads, and all else eight."""
    for name in LIVE:
        monkeypatch.setenv(f"RPC_URL_{name}", "http://127.0.0.1:9")


@pytest.mark.usefixtures("six_networks")
def test_a_worker_has_three_threads_for_each_network_and_some_for_all_else(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.delenv("WORKER_THREADS", raising=False)
    for usual, taken in {16: 29, 48: 48}.items():
        settings.WORKER_THREADS = usual
        assert worker_threads() == taken


@pytest.mark.usefixtures("six_networks")
@pytest.mark.parametrize(("given", "is_few"), [(8, True), (28, True), (29, False), (40, False)])
def test_what_the_operator_says_is_taken_and_told_where_it_is_too_few(
    monkeypatch: pytest.MonkeyPatch, settings: Any, given: int, is_few: bool
) -> None:
    """A hosted PostgreSQL has so many connections and no more."""
    monkeypatch.setenv("WORKER_THREADS", str(given))
    settings.WORKER_THREADS = given
    with capture_logs() as told:
        assert worker_threads() == given
    reason = f"WORKER_THREADS={given}, and the networks that are on need 29."
    assert told == [{"event": "worker.few_threads", "log_level": "warning", "reason": reason}] * is_few


@pytest.mark.usefixtures("six_networks")
def test_the_doctor_tells_it_too(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("WORKER_THREADS", "8")
    settings.WORKER_THREADS = 8
    assert "the networks that are on need 29" in "".join(each.text for each in settings_are_right())


def test_make_run_takes_fewer_than_usual_unless_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "INSTEAD", {})
    monkeypatch.setattr(forks, "collect_rarely", lambda: None)
    monkeypatch.delenv("WORKER_THREADS", raising=False)
    monkeypatch.setenv("WEB_THREADS", "7")
    forks.import_everything()
    assert (env.number("WEB_THREADS", 8), env.number("WORKER_THREADS", 48)) == (7, 16)
    assert "WORKER_THREADS" not in os.environ, "nobody set it: networks may need more"

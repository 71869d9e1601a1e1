"""Before a worker starts, its nodes are asked all at once and not for long."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.worker import state

from checkout_project.checks import worker
from checkout_project.checks.worker import VerifyNetworks
from checkout_project.jobs.threads import worker_threads
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
    began = time.monotonic()
    VerifyNetworks(None).create(None)
    assert time.monotonic() - began < 3


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


def test_a_worker_has_two_threads_for_each_network_and_some_for_all_else(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.WORKER_THREADS = 16
    assert worker_threads() == 16
    for name in LIVE:
        monkeypatch.setenv(f"RPC_URL_{name}", "http://127.0.0.1:9")
    assert worker_threads() == 2 * (len(LIVE) + 1) + 8  # the sandbox is one
    settings.WORKER_THREADS = 48
    assert worker_threads() == 48

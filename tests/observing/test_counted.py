"""What is counted while it happens: routes and stages, by words and never by ids."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from socket import socket
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.test import Client
from django.utils import timezone

from chains_app.evm.exchange import Exchange, NodeFailed
from checkout_project.running.children import free_port, is_free
from common.measures.counted import REGISTRY
from common.measures.telling import tell_at_port
from sessions_app.models import CheckoutSession
from sessions_app.paying.opening import note_opening
from sessions_app.paying.quoting import choose_option
from tests.cast import Api
from tests.sandbox import Sandbox
from tests.stack import ROOT


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Growth:
    """By how much a number has grown since."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = name, labels
        self._before = counted(name, **labels)

    @property
    def by(self) -> float:
        return round(counted(self._name, **self._labels) - self._before, 6)


def test_answers_are_counted_by_route_method_and_status(api: Api, session: CheckoutSession, client: Client) -> None:
    labels = {"route": "api:session-detail", "method": "GET"}
    found, missing = (Growth("tallystick_http_requests_total", **labels, status=each) for each in ("200", "404"))
    odd = Growth("tallystick_http_requests_total", route="none", method="other", status="404")
    took = Growth("tallystick_http_request_seconds_count", route="api:session-detail")
    assert api.get(f"checkout/sessions/{session.public_id}").status_code == 200
    assert api.get("checkout/sessions/cs_00000000000000000000000000").status_code == 404
    client.generic("BREW", "/no-such-place")
    client.get("/metrics")
    assert (found.by, missing.by, odd.by, took.by) == (1, 1, 1, 2)
    assert session.public_id not in client.get("/metrics").content.decode()


def test_a_payments_way_is_counted_stage_by_stage(
    sandbox: Sandbox, new_session: Callable[..., CheckoutSession], django_capture_on_commit_callbacks: Any
) -> None:
    stages = ("created", "opened", "quoted", "seen", "confirmed", "completed")
    places = {each: {"network": "sandbox" if each in {"quoted", "seen", "confirmed"} else ""} for each in stages}
    came = {each: Growth("tallystick_stages_total", stage=each, mode="test", **places[each]) for each in stages}
    took = {each: Growth("tallystick_stage_seconds_sum", stage=each, mode="test", **places[each]) for each in stages}
    with django_capture_on_commit_callbacks(execute=True):
        session = new_session()
        sandbox.skip(seconds=10)
        for _ in range(2):
            note_opening(CheckoutSession.objects.get(pk=session.pk), now=timezone.now())
        sandbox.skip(seconds=20)
        choose_option(
            session=CheckoutSession.objects.get(pk=session.pk), asset="USDC", network="sandbox", now=timezone.now()
        )
        assert sandbox.play(session, "exact").status == "completed"
    assert {each: growth.by for each, growth in came.items()} == dict.fromkeys(stages, 1)
    assert (took["opened"].by, took["quoted"].by) == (10, 20)
    assert took["confirmed"].by > 0
    assert 30 < took["completed"].by < 60


def test_a_node_is_counted_by_its_host_alone() -> None:
    host = f"127.0.0.1:{free_port()}"
    failed = Growth("tallystick_rpc_requests_total", network="base", host=host, outcome="failed")
    with pytest.raises(NodeFailed):
        Exchange(f"http://{host}/v3/a-key", network="base").post({})
    assert failed.by == 1


def test_workers_tell_theirs_at_a_port_of_their_own_for_the_same_token(settings: Any) -> None:
    settings.METRICS_PORT, settings.METRICS_TOKEN = free_port(), "let-me-in"
    tell_at_port()
    tell_at_port()  # the port is taken: that stops nothing
    address = f"http://127.0.0.1:{settings.METRICS_PORT}/"
    with pytest.raises(HTTPError, match="401"):
        urlopen(address, timeout=5)
    with urlopen(Request(address, headers={"Authorization": "Bearer let-me-in"}), timeout=5) as answer:
        text = answer.read().decode()
    assert "# TYPE tallystick_tasks_total counter" in text
    assert "process_resident_memory_bytes" in text


def test_they_are_told_by_ipv6_too(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.METRICS_PORT = free_port()
    monkeypatch.setenv("HOST", "::1")
    assert is_free(settings.METRICS_PORT, host="::1")
    tell_at_port()
    assert not is_free(settings.METRICS_PORT, host="::1")
    with urlopen(f"http://[::1]:{settings.METRICS_PORT}/", timeout=5) as answer:
        assert b"process_resident_memory_bytes" in answer.read()


@pytest.mark.parametrize(("host", "is_heard"), [("", False), ("127.0.0.1", False), ("0.0.0.0", True)])
def test_numbers_are_told_where_web_processes_listen(
    monkeypatch: pytest.MonkeyPatch, settings: Any, host: str, *, is_heard: bool
) -> None:
    settings.METRICS_PORT = free_port()
    monkeypatch.setenv("HOST", host)
    tell_at_port()
    with closing(socket()) as caller:  # by another of this machine's addresses, as strangers come
        assert (caller.connect_ex(("127.0.0.2", settings.METRICS_PORT)) == 0) == is_heard


def test_processes_of_one_machine_are_told_together(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.observing.counting_processes"],
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert 'tallystick_http_requests_total{method="GET",route="api:account",status="200"} 7.0' in lines
    assert 'tallystick_http_request_seconds_sum{route="api:account"} 7.0' in lines
    assert "tallystick_web_threads_busy 3.0" in lines  # what one has at work ends with it
    assert 'tallystick_task_ended_timestamp_seconds{task="expire_due"} 4000.0' in lines

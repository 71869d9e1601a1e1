"""A clock that somebody sets is told, also where PostgreSQL's jumps along."""

import asyncio
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, Never

import pytest
from celery.beat import ScheduleEntry
from celery.schedules import schedule
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from chains_app.models import ScanCursor
from chains_app.networks.networks import Network, network
from chains_app.reading.health import record_problem
from chains_app.reading.reader import ReaderUnavailable
from checkout_project.celery import app
from checkout_project.doctor.inside import it_runs
from checkout_project.jobs import jumps
from checkout_project.jobs.beat import SteadyScheduler
from checkout_project.jobs.jumps import Clock
from checkout_project.jobs.life_steps import GivePulse
from checkout_project.jobs.pulses import BEAT, WORKER, give_pulse
from checkout_project.web.lifespan import give_signs_while_served
from common.measures.counted import REGISTRY
from sessions_app.watching.watcher import watch_network
from tests.operators import Operator

pytestmark = pytest.mark.usefixtures("looks_each_time")
NOON = 1_800_014_400.0  # 2027-01-15 12:00 UTC


class Machine:
    """Of which both clocks are set by hand."""

    def __init__(self) -> None:
        self.wall, self.steady = NOON, 500.0
        self.clock = Clock(lambda: self.wall, lambda: self.steady)
        self.clock.look()

    def goes_on(self, seconds: float, *, jumps: float = 0.0) -> None:
        self.wall += seconds + jumps
        self.steady += seconds
        self.clock.look()


def counted() -> float:
    return REGISTRY.get_sample_value("tallystick_clock_jumps_total") or 0.0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3600, "jumped 3600 s ahead at 13:00:05 UTC"), (-2, "jumped 2 s back at 12:00:03 UTC"), (1.9, None), (0, None)],
)
def test_one_that_is_set_by_seconds_is_told_once(seconds: float, said: str | None) -> None:
    machine, before = Machine(), counted()
    with capture_logs() as written:
        machine.goes_on(5, jumps=seconds)
        machine.goes_on(5)
    told = machine.clock.jumped()
    assert (str(told) if told else None) == said
    assert [line["event"] for line in written] == ["clock.jumped"] * bool(said)
    assert counted() - before == bool(said)


def test_it_is_told_for_an_hour() -> None:
    machine = Machine()
    machine.goes_on(5, jumps=60)
    machine.goes_on(3599)
    assert machine.clock.jumped()
    machine.goes_on(2)
    assert machine.clock.jumped() is None


def test_a_process_that_was_stopped_between_two_looks_at_clocks_saw_no_jump() -> None:
    stopped = iter([0.0, 0.0, 5.0, 3605.0, 3610.0, 3610.0, 3610.0])
    clock = Clock(iter([NOON, NOON + 5, NOON + 3610]).__next__, stopped.__next__)
    for _ in range(3):
        clock.look()
    assert clock.jumped() is None


def test_whoever_looks_sees_it(client: Client, operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    machine.goes_on(5, jumps=3600)
    for module in ("jobs.pulses", "facts.installation"):
        monkeypatch.setattr(f"checkout_project.{module}.CLOCK", machine.clock)
    cache.clear()
    give_pulse(WORKER)
    said = "jumped 3600 s ahead at 13:00:05 UTC"
    assert client.get("/readyz").json()["clock"] == said
    assert f"Clock: {said}" in operator.read("")
    looked_at = [each.text for each in it_runs() if each.about == "clocks"]
    assert f"That of this process {said}." in looked_at
    assert any(text.startswith("That of worker ") and text.endswith(f"{said}.") for text in looked_at)
    monkeypatch.setattr("checkout_project.facts.installation.CLOCK", jumps.Clock())
    assert client.get("/readyz").json()["clock"] == f"worker: {said}"


def test_web_worker_and_beat_look_with_each_sign_of_life(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[str]()
    for module in ("web.lifespan", "jobs.pulses"):
        watched = SimpleNamespace(look=partial(looked.append, module), jumped=lambda: None)
        monkeypatch.setattr(f"checkout_project.{module}.CLOCK", watched)

    async def serve() -> None:
        received = asyncio.Queue[dict[str, Any]]()
        for each in ("startup", "shutdown"):
            received.put_nowait({"type": f"lifespan.{each}"})

        async def send(_message: dict[str, Any]) -> None:
            await asyncio.sleep(0)  # the signs' turn

        await give_signs_while_served(received.get, send)

    asyncio.run(serve())
    GivePulse(SimpleNamespace()).say(None)
    assert looked == ["web.lifespan", "jobs.pulses"]
    monkeypatch.setattr(SteadyScheduler, "apply_async", lambda *_given, **_named: None)
    entry = ScheduleEntry(task="tell", schedule=schedule(1), app=app)
    SteadyScheduler(app=app, lazy=True).apply_entry(entry)
    assert looked == ["web.lifespan", "jobs.pulses", "jobs.pulses"]


def test_what_the_nodes_find_our_clock_to_be_is_kept_with_why_they_cannot_be_read(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_network: Network) -> Never:
        raise ReaderUnavailable("It stands still.", clock="ahead")

    monkeypatch.setattr("sessions_app.watching.watcher.reader_for", away)
    watch_network(network("sandbox"))
    assert ScanCursor.objects.get(pk="sandbox").clock == "ahead"


@pytest.mark.parametrize(("whither", "other"), [("ahead", "behind"), ("behind", "ahead")])
def test_where_all_nodes_disagree_with_it_the_clock_is_named_beside_them(
    client: Client, operator: Operator, monkeypatch: pytest.MonkeyPatch, whither: str, other: str
) -> None:
    for name in ("CELO", "UNICHAIN"):
        monkeypatch.setenv(f"RPC_URL_{name}", "http://127.0.0.1:9")
    cache.clear()
    give_pulse(WORKER)
    give_pulse(BEAT)
    ago = timezone.now() - timedelta(seconds=60)
    for each in ("celo", "unichain"):
        record_problem(network=network(each), problem="Its nodes are odd.", clock=whither, now=ago)
    told: dict[str, Any] = client.get("/readyz").json()
    assert told["clock"] == f"{whither} of what the nodes of all networks say, unless all those nodes are wrong"
    page = operator.read("")
    assert "Celo cannot be read" in page
    assert "Look at the clock first." in page
    for clock, is_blamed in {"": False, other: False, whither: True}.items():
        record_problem(network=network("celo"), problem="Its nodes are odd.", clock=clock)
        assert (client.get("/readyz").json()["clock"] != "ok") is is_blamed
    ScanCursor.objects.filter(pk="unichain").update(unread_since=None, problem="", scanned_at=timezone.now())
    assert client.get("/readyz").json()["clock"] == "ok"

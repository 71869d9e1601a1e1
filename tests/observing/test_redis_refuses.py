"""A Redis that can be read and takes nothing: whoever is to mend it is told that, and not to start workers."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from checkout_project.doctor.inside import it_runs, redis_is_well
from checkout_project.jobs import pulses
from checkout_project.jobs.pulses import BEAT, WORKER, give_pulse
from checkout_project.running.embedded import Valkey
from checkout_project.settings import redis_caches
from tests.desk import PASSWORD
from tests.operators import Operator
from tests.refusing_redis import unable_to_save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("looks_each_time", "_refuses")]


@pytest.fixture
def _refuses(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Since worker and beat last said that they live, long ago."""
    valkey = Valkey(folder=tmp_path / "valkey", password=secrets.token_urlsafe(24))
    valkey.start()
    try:
        settings.REDIS_URL, settings.CACHES = valkey.url, redis_caches(valkey.url)
        give_pulse(WORKER)
        give_pulse(BEAT)
        for name in ("SILENT_SECONDS", "_FORGOTTEN_SECONDS"):
            monkeypatch.setattr(pulses, name, 0.0)
        with unable_to_save(valkey.url):
            yield
    finally:
        valkey.stop()


def test_readiness_numbers_and_the_operators_page_name_it(client: Client, operator: Operator) -> None:
    said = client.get("/readyz").json()
    assert said["redis"] == "takes no writing: it cannot save to its disk"
    assert (said["workers"], said["beat"]) == ("nobody can say", "nobody can say")
    numbers = client.get("/metrics").content.decode()
    assert "tallystick_redis_up 1.0" in numbers
    assert "tallystick_redis_writable 0.0" in numbers
    assert "tallystick_workers" not in numbers
    page = operator.read("")
    assert "Redis: takes no writing: it cannot save to its disk" in page
    assert "Start a worker" not in page
    assert "Start beat" not in page


def test_the_doctor_mends_it_first() -> None:
    found = [*redis_is_well(), *it_runs()]
    told = {each.about: f"{each.verdict}: {each.text} {each.cure}" for each in reversed(found)}
    assert told["redis"].startswith("wrong: It takes no writing: it cannot save to its disk. Free its disk or memory")
    for name in ("workers", "beat"):
        assert told[name] == "look: nobody can say, as Redis takes nothing from them. Mend Redis first."


def test_whoever_signs_in_is_told_to_come_again(client: Client, operator: Operator) -> None:
    client.raise_request_exception = False
    answer = client.post("/accounts/login/", {"login": operator.user.email, "password": PASSWORD})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "attempts to sign in cannot be counted" in answer.content.decode()

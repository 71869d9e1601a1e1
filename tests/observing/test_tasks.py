"""Lines of a task carry its ids, a failure is one line, and how tasks end is counted."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from celery import shared_task
from celery.signals import before_task_publish

from checkout_project.celery import app
from common.measures.counted import REGISTRY
from sessions_app.models import CheckoutSession
from sessions_app.state import lifecycle
from sessions_app.state.lifecycle import News, reassess_many
from tests.common.test_logs import written  # noqa: F401  (a fixture)

log = structlog.get_logger()


@shared_task(name="tests.says")
def says() -> None:
    log.warning("said", session_id="cs_1")


@shared_task(name="tests.breaks")
def breaks() -> None:
    raise ValueError("broken on purpose")


@shared_task(name="tests.settles")
def settles(*keys: int) -> None:
    reassess_many({key: News(reason="It is looked at again.") for key in keys})


def ended(task: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("tallystick_tasks_total", {"task": task, "outcome": outcome}) or 0.0


@pytest.fixture
def lines(written: io.StringIO) -> Any:  # noqa: F811
    app.finalize()
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_of_a_task_names_it_and_its_request(lines: Any) -> None:
    headers: dict[str, Any] = {}
    with structlog.contextvars.bound_contextvars(request_id="req_7"):
        before_task_publish.send(sender="tests.says", headers=headers)
    before = ended("says", "success")
    done = says.apply(headers=headers)
    log.warning("after")
    said, after = [line for line in lines() if line["level"] == "warning"]
    assert (said["task"], said["task_id"], said["session_id"]) == ("tests.says", done.id, "cs_1")
    assert said["request_id"] == "req_7"
    assert "task_id" not in after
    assert headers == {"request_id": "req_7"}
    assert ended("says", "success") == before + 1


def test_a_failure_is_one_line_with_its_id_and_counted(lines: Any, db: None) -> None:
    before = ended("breaks", "failure")
    done = breaks.apply()
    [line] = lines()
    assert (line["level"], line["task_id"], line["task"]) == ("error", done.id, "tests.breaks")
    assert "broken on purpose" in line["exception"]
    assert ended("breaks", "failure") == before + 1
    assert REGISTRY.get_sample_value("tallystick_tasks_running") == 0


def test_where_one_of_many_sessions_breaks_the_line_has_its_id(
    lines: Any, new_session: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    well, broken = new_session(), new_session()
    facts_of = lifecycle.facts_of

    def facts_or_not(session: CheckoutSession) -> Any:
        log.warning("looked_at")
        return facts_of(session) if session.pk != broken.pk else 1 / 0

    monkeypatch.setattr(lifecycle, "facts_of", facts_or_not)
    settles.apply(args=[well.pk, broken.pk])
    first, second, failure = lines()
    assert {first["session_id"], second["session_id"]} == {well.public_id, broken.public_id}
    assert f"session_id: {broken.public_id}" in failure["exception"]
    assert well.public_id not in failure["exception"]

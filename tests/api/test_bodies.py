"""Whatever body comes, the answer is never a 5xx, and what is wrong is named. `BODIES=10000 pytest …` tries more."""

import json
import os
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings

from tests.api.bodies import BODIES

CLIENT = Client(raise_request_exception=False)
MANY = int(os.environ.get("BODIES", "150"))


@pytest.mark.django_db
@settings(
    max_examples=MANY, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(body=BODIES)
def test_no_body_breaks_it_and_every_fault_is_named(mia_key: str, unlimited: None, body: bytes) -> None:
    answer = CLIENT.post(
        "/api/v1/checkout", data=body, content_type="application/json", headers={"Authorization": f"Bearer {mia_key}"}
    )
    assert answer.status_code in {200, 400, 409, 413}, answer.content
    if answer.status_code == 400:
        told = answer.json()
        assert told["errors"]
        assert all(error["detail"] and error["code"] for error in told["errors"])
        assert all(names_a_part(error) for error in told["errors"])


def names_a_part(error: dict[str, Any]) -> bool:
    """The field at fault; broken JSON has none, there the sentence says where it breaks or what is not taken."""
    return bool(error["attr"]) or error["code"] == "parse_error"


@pytest.fixture
def unlimited(settings: Any) -> None:
    """No rate limit: this is one key with thousands of requests."""
    settings.RATE_LIMIT_PER_KEY = settings.RATE_LIMIT_PER_ADDRESS = 10**9


def test_the_answer_to_broken_bytes_is_itself_text(client: Client, mia_key: str) -> None:
    answer = client.post(
        "/api/v1/checkout",
        data=b'{"\\ud800": 1}',
        content_type="application/json",
        headers={"Authorization": f"Bearer {mia_key}"},
    )
    assert answer.status_code == 400
    assert json.loads(answer.content.decode())["errors"]

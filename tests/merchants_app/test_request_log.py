"""The request log: what a key asked and how it was answered, for 7 days, at no cost to the request."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants_app import request_log
from merchants_app.models import LoggedRequest, Merchant
from merchants_app.request_log import requests_of, write_lines
from merchants_app.tasks import forget_old_requests
from tests.cast import Api


@pytest.fixture(autouse=True)
def empty_log() -> None:
    request_log._lines.clear()


def test_a_request_is_noted_with_its_id_and_outcome(api: Api, mia: Merchant) -> None:
    answer = api.get("checkout/sessions/cs_none")
    write_lines()
    line = requests_of(mia, "test").get()
    assert (line.method, line.path, line.status_code) == ("GET", "/api/v1/checkout/sessions/cs_none", 404)
    assert line.error_code == "not_found"
    assert line.request_id == answer["Request-Id"]
    assert line.duration_ms > 0
    assert line.key == mia.api_keys.get()


def test_the_newest_is_first_and_a_stranger_sees_none(api: Api, mia: Merchant, otto: Merchant) -> None:
    api.get("checkout")
    api.post("checkout", {})
    write_lines()
    assert [line.status_code for line in requests_of(mia, "test")] == [400, 200]
    assert not requests_of(otto, "test").exists()
    assert not requests_of(mia, "live").exists()


def test_requests_of_nobody_are_not_kept(api: Api) -> None:
    api.as_("sk_test_nobody").get("checkout")
    api.as_("").get("checkout")
    assert write_lines() == 0


def test_noting_costs_no_query(api: Api, django_assert_num_queries: Any) -> None:
    api.get("payment-options")
    with django_assert_num_queries(0):
        api.get("payment-options")


def test_no_query_string_is_kept(api: Api, mia: Merchant) -> None:
    api.get("checkout?email=pat@example.com")
    write_lines()
    assert requests_of(mia, "test").get().path == "/api/v1/checkout"


def test_old_lines_go(api: Api, mia: Merchant) -> None:
    api.get("checkout")
    write_lines()
    LoggedRequest.objects.update(at=timezone.now() - timedelta(days=7, minutes=1))
    api.get("checkout")
    write_lines()
    forget_old_requests()
    assert requests_of(mia, "test").count() == 1

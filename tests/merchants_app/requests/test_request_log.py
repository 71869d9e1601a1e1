"""The request log: what a key asked and how it was answered, for 7 days, at no cost to the request."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from merchants_app.models import LoggedRequest, Merchant
from merchants_app.requests.log import write_lines
from merchants_app.scope import Scope
from merchants_app.tasks import forget_old_requests
from tests.cast import Api
from tests.strangers.world import own


def test_a_request_is_noted_with_its_id_and_outcome(api: Api, mia: Merchant) -> None:
    answer = api.get("checkout/sessions/cs_none")
    write_lines()
    line = Scope(mia, "test").requests().get()
    assert (line.method, line.path, line.status_code) == ("GET", "/api/v1/checkout/sessions/cs_none", 404)
    assert line.error_code == "not_found"
    assert line.request_id == answer["Request-Id"]
    assert line.duration_ms > 0
    assert line.key == mia.api_keys.get()


def test_the_newest_is_first_and_a_stranger_sees_none(api: Api, mia: Merchant, otto: Merchant) -> None:
    api.get("checkout")
    api.post("checkout", {})
    write_lines()
    assert [line.status_code for line in Scope(mia, "test").requests()] == [400, 200]
    assert not Scope(otto, "test").requests().exists()
    assert not Scope(mia, "live").requests().exists()


def test_requests_of_nobody_are_not_kept(api: Api) -> None:
    api.as_("sk_test_nobody").get("checkout")
    api.as_("").get("checkout")
    assert write_lines() == 0


def test_noting_costs_no_query(api: Api, django_assert_num_queries: Any) -> None:
    api.get("payment-options")
    with django_assert_num_queries(0):
        assert api.get("payment-options").status_code == 200
    assert write_lines() == 2


def test_no_query_string_is_kept(api: Api, mia: Merchant) -> None:
    api.get("checkout?email=pat@example.com")
    write_lines()
    assert Scope(mia, "test").requests().get().path == "/api/v1/checkout"


def test_old_lines_go(api: Api, mia: Merchant) -> None:
    api.get("checkout")
    write_lines()
    own(LoggedRequest).update(at=timezone.now() - timedelta(days=7, minutes=1))
    api.get("checkout")
    write_lines()
    forget_old_requests()
    assert Scope(mia, "test").requests().count() == 1


@pytest.mark.usefixtures("fresh_limits")
def test_a_refusal_for_too_many_is_noted_and_told_what_is_left(api: Api, mia: Merchant, settings: Any) -> None:
    settings.RATE_LIMIT_PER_KEY = 1
    api.get("checkout")
    answer = api.get("checkout")
    assert (answer.status_code, answer["RateLimit-Remaining"]) == (429, "0")
    write_lines()
    assert [line.status_code for line in Scope(mia, "test").requests()] == [429, 200]


@pytest.mark.django_db(transaction=True)
def test_lines_outlive_a_database_that_is_away(api: Api, mia: Merchant) -> None:
    api.get("checkout")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE merchants_app_loggedrequest RENAME TO away")
    try:
        with pytest.raises(DatabaseError, match="does not exist"):
            write_lines()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO merchants_app_loggedrequest")
    assert write_lines() == 1

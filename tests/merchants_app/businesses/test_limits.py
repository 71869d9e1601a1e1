"""Limits that an operator sets one business: in the throttle, and where people and programs read them."""

from typing import Any

import pytest
import time_machine
from django.utils import timezone

from merchants_app.businesses.limits import set_limits
from merchants_app.keys.api_keys import create_key
from merchants_app.models import LoggedRequest, Merchant
from tests.cast import Api
from tests.desk import Desk
from tests.operators import Operator, lines, staff


@pytest.fixture
def one_minute(fresh_limits: None) -> Any:
    """In which nothing is counted yet."""
    start = int(timezone.now().timestamp()) // 60 * 60
    with time_machine.travel(start, tick=False) as clock:
        yield clock


def test_all_keys_of_a_business_share_the_limit_of_its_own(
    api: Api, mia: Merchant, otto_key: str, operator: Operator, settings: Any, one_minute: Any
) -> None:
    settings.RATE_LIMIT_PER_KEY = 1_000
    set_limits(merchant=mia, by=operator.user, calls_a_minute=2, letters_a_day=None)
    _, other = create_key(merchant=mia, mode="test", name="other")
    for secret in (api.secret, other):  # a key's first call in a process tells it whose it is
        assert api.as_(secret).get("checkout")["RateLimit-Limit"] == "1000"
    answers = [api.as_(secret).get("checkout") for secret in (api.secret, other, api.secret)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert [each["RateLimit-Limit"] for each in answers] == ["2", "2", "2"]
    assert "More than 2 requests in a minute from this business." in answers[2].answer["errors"][0]["detail"]
    assert api.as_(otto_key).get("checkout").status_code == 200


@pytest.mark.parametrize(("former", "wanted"), [(2, 100), (2, None), (None, 100)])
def test_who_is_refused_is_seen_to_have_been_given_more(
    api: Api, mia: Merchant, operator: Operator, settings: Any, one_minute: Any, former: int | None, wanted: int | None
) -> None:
    settings.RATE_LIMIT_PER_KEY = 1_000 if former else 2
    settings.API_KEY_CACHE_SECONDS = 0  # what is remembered is old at once
    set_limits(merchant=mia, by=operator.user, calls_a_minute=former, letters_a_day=None)
    assert [api.get("checkout").status_code for _ in range(4)][-1] == 429
    set_limits(merchant=mia, by=operator.user, calls_a_minute=wanted, letters_a_day=None)
    answer = api.get("checkout")
    assert (answer.status_code, answer["RateLimit-Limit"]) == (200, str(wanted or 1_000))


def test_it_costs_no_query(api: Api, mia: Merchant, operator: Operator, django_assert_num_queries: Any) -> None:
    api.get("checkout")
    api.get("checkout")
    with django_assert_num_queries(1):
        api.get("checkout")
    set_limits(merchant=mia, by=operator.user, calls_a_minute=600, letters_a_day=None)
    api.get("checkout")
    with django_assert_num_queries(1):
        api.get("checkout")


def test_the_operator_sets_them_and_the_business_reads_that(operator: Operator, mia: Merchant, desk: Desk) -> None:
    key, _ = create_key(merchant=mia, mode="test", name="shop")
    LoggedRequest.objects.create(
        merchant=mia, mode="test", key=key, request_id="req_1", method="GET", path="/api/v1/checkout",
        status_code=200, duration_ms=1, at=timezone.now(),
    )  # fmt: skip
    assert "Limit of a key" in desk.read("requests")
    assert operator.do(mia, "limits", calls_a_minute="600", letters_a_day="0").status_code == 302
    mia.refresh_from_db()
    assert (mia.calls_a_minute, mia.letters_a_day) == (600, 0)
    assert lines(mia) == [("settings.changed", {"calls_a_minute": "none → 600", "letters_a_day": "none → 0"})]
    text = desk.read("requests")
    assert "Limit of all keys</dt> <dd> 600 a minute" in text
    assert "API calls a minute" in desk.read("audit")
    assert operator.do(mia, "limits", calls_a_minute="", letters_a_day="").status_code == 302
    mia.refresh_from_db()
    assert (mia.calls_a_minute, mia.letters_a_day) == (None, None)


def test_nonsense_is_refused_with_a_sentence_and_lookers_may_not(operator: Operator, mia: Merchant) -> None:
    answer = operator.do(mia, "limits", calls_a_minute="0", letters_a_day="-1").content.decode()
    assert "greater than or equal to 1" in answer
    assert "greater than or equal to 0" in answer
    assert staff("Look").do(mia, "limits", calls_a_minute="1").status_code == 403
    assert lines(mia) == []

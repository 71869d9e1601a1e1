"""Rate limits: per key and per address, told in headers, shared through Redis."""

import socket
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from redis import Redis

from common.network.client_address import trusted_proxies
from merchants_app.frame.throttling import Leases
from tests.cast import Api


@pytest.fixture(autouse=True)
def fresh_window(fresh_limits: None) -> Any:
    """A minute of this test's own, at its very beginning, in which nothing is counted yet."""
    start = int(timezone.now().timestamp()) // 60 * 60
    with time_machine.travel(start, tick=False) as clock:
        yield clock


def test_every_answer_tells_what_is_left(api: Api, settings: Any, fresh_window: Any) -> None:
    settings.RATE_LIMIT_PER_KEY = 10
    for remaining, reset in (("9", "60"), ("8", "35")):
        answer = api.get("checkout")
        assert [answer[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")] == ["10", remaining, reset]
        fresh_window.shift(25)


def test_too_many_are_refused_and_told_when_to_come_back(api: Api, settings: Any, fresh_window: Any) -> None:
    settings.RATE_LIMIT_PER_KEY = 2
    assert [api.get("checkout").status_code for _ in range(3)] == [200, 200, 429]
    fresh_window.shift(20)
    refused = api.get("checkout")
    assert refused["Retry-After"] == "40"
    assert refused.answer["errors"][0]["code"] == "rate_limited"
    fresh_window.shift(40)
    assert api.get("checkout").status_code == 200


def test_one_key_does_not_use_up_anothers(api: Api, otto_key: str, settings: Any) -> None:
    settings.RATE_LIMIT_PER_KEY = 1
    api.get("checkout")
    assert api.get("checkout").status_code == 429
    assert api.as_(otto_key).get("checkout").status_code == 200


def test_a_guesser_is_stopped_by_address_before_the_database_is_asked(
    api: Api, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 3
    answers = [api.as_(f"sk_test_{guess}").get("checkout").status_code for guess in range(3)]
    assert answers == [401, 401, 401]
    with django_assert_num_queries(0):
        assert api.as_("sk_test_3").get("checkout").status_code == 429


def test_whoever_sends_no_sensible_key_is_counted_by_address_too(api: Api, settings: Any) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 2
    answers = [api.as_("").get("checkout", Authorization=wrong).status_code for wrong in ("Basic x", "Bearer", "")]
    assert answers == [401, 401, 429]


def test_most_requests_cost_no_round_trip_and_processes_share_the_limit(settings: Any) -> None:
    ours, theirs = Leases(), Leases()
    limits, window = {"key:shared": 1000}, 1
    assert [ours.use(limits, window)["key:shared"] for _ in range(5)] == [1, 2, 3, 4, 5]
    assert Redis.from_url(settings.REDIS_URL).get("rate:key:shared:1") == b"5"  # fetched once, five at a time
    assert theirs.use(limits, window)["key:shared"] == 6
    assert ours.use(limits, window)["key:shared"] == 11


@pytest.mark.parametrize("proxies", ["1", "127.0.0.1"])
def test_behind_a_proxy_each_caller_is_counted_apart(api: Api, settings: Any, proxies: str) -> None:
    settings.TRUSTED_PROXIES = trusted_proxies([proxies])
    settings.RATE_LIMIT_PER_ADDRESS = 1
    callers = ["9.9.9.9", "6.6.6.6, 9.9.9.9", "8.8.8.8", "2001:db8::1", "2001:db8::2"]
    answers = [api.get("checkout", **{"X-Forwarded-For": each}).status_code for each in callers]
    assert answers == [200, 429, 200, 200, 429]


def test_without_a_proxy_nobody_is_whoever_they_say(api: Api, settings: Any) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 1
    answers = [api.get("checkout", **{"X-Forwarded-For": each}).status_code for each in ("9.9.9.9", "8.8.8.8")]
    assert answers == [200, 429]


def test_without_redis_the_api_goes_on(api: Api, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = api.get("checkout")
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer


def test_a_redis_that_hangs_is_asked_once_and_then_left_alone_for_a_while(api: Api, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert [api.get("checkout").status_code for _ in range(3)] == [200] * 3
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()

"""One has a lease at a time; one that ran out and is another's now is not renewed by who had it before."""

from threading import enumerate as threads

import pytest
from django.conf import settings

from common import lease as leases
from common.lease import lease
from common.network.redis_cache import impatient_client
from tests.waiting import wait_until


def test_one_at_a_time_has_it() -> None:
    with lease("a-test") as first, lease("a-test") as second, lease("another") as third:
        assert (first, second, third) == (True, False, True)
    with lease("a-test") as later:
        assert later


def test_who_lost_it_leaves_it_to_who_has_it_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "SECONDS", 1)
    with lease("a-test") as is_ours:
        assert is_ours
        redis = impatient_client(settings.REDIS_URL)
        redis.set("lease:a-test", "another", 30)
        wait_until(lambda: all(each.name != "lease:a-test" for each in threads()), seconds=2)
    assert redis.getdel("lease:a-test") == b"another"

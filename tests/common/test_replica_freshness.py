"""How far behind the replica is, by what was seen of the two servers and when, and who waits for that."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from structlog.testing import capture_logs

from common import replica
from common.replica import REPLICA, Freshness


class Servers:
    """The two, and the time."""

    def __init__(self) -> None:
        self.now, self.has = 1000.0, {"default": 10, REPLICA: 10}
        self.freshness = Freshness(begin=lambda ask: ask())

    def place_of(self, alias: str) -> int:
        if self.has[alias] < 0:
            raise OperationalError("it is not there")
        return self.has[alias]

    def after(self, seconds: float, *, primary: int, copy: int) -> tuple[bool, str]:
        """Whether it is current, and its trouble, so many seconds later with the two so far."""
        self.now += seconds
        self.has = {"default": primary, REPLICA: copy}
        return self.freshness.is_current(), self.freshness.trouble()


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    servers = Servers()
    monkeypatch.setattr(replica, "time", SimpleNamespace(monotonic=lambda: servers.now))
    monkeypatch.setattr(replica, "place_of", servers.place_of)
    monkeypatch.setattr(replica, "system_of", lambda _alias: None)
    nothing = SimpleNamespace(close=lambda: None, close_if_unusable_or_obsolete=lambda: None)
    monkeypatch.setattr(replica, "connections", {REPLICA: nothing})
    return servers


def test_one_that_has_everything_is_current_however_long_ago_that_was(servers: Servers) -> None:
    assert servers.after(0, primary=10, copy=10) == (True, "")
    assert servers.after(7200, primary=10, copy=10) == (True, "")


def test_one_that_stands_still_is_behind_since_the_first_that_it_lacks(servers: Servers) -> None:
    servers.after(0, primary=10, copy=10)
    assert servers.after(1, primary=20, copy=10) == (True, "")
    assert servers.after(5, primary=30, copy=10) == (False, "")
    assert servers.after(35, primary=40, copy=10) == (False, "40 s behind")
    assert servers.after(1, primary=41, copy=40) == (True, "")


def test_one_that_follows_at_a_distance_is_that_far_behind(servers: Servers) -> None:
    for second in range(1000):
        said = servers.after(1, primary=1000 + second, copy=1000 + second - 601)
    assert said == (False, "600 s behind")


@pytest.mark.parametrize("copy", [0, 10])
def test_what_nobody_has_seen_is_neither_current_nor_behind(servers: Servers, copy: int) -> None:
    assert servers.after(0, primary=11, copy=copy) == (False, "")
    assert servers.after(0, primary=11, copy=11) == (False, "")  # a second look within the second asks nobody


def test_after_a_rest_it_is_not_called_behind_for_it(servers: Servers) -> None:
    servers.after(0, primary=10, copy=10)
    assert servers.after(7200, primary=99, copy=10) == (False, "")
    assert servers.after(1, primary=99, copy=99) == (True, "")


def test_another_primary_begins_anew(servers: Servers) -> None:
    servers.after(0, primary=1000, copy=990)
    assert servers.after(60, primary=995, copy=994) == (False, "")
    assert servers.after(60, primary=996, copy=996) == (True, "")


def test_one_that_fails_is_away_until_it_answers_again(servers: Servers) -> None:
    servers.after(0, primary=10, copy=10)
    assert servers.after(1, primary=10, copy=-1) == (False, "unreachable")
    assert servers.after(29, primary=10, copy=10) == (False, "unreachable")
    assert servers.after(1, primary=10, copy=10) == (True, "")


def test_a_primary_that_fails_switches_no_replica_off(servers: Servers) -> None:
    with capture_logs() as said, pytest.raises(OperationalError):
        servers.after(0, primary=-1, copy=10)
    assert said == []
    assert servers.after(1, primary=10, copy=10) == (True, "")


def test_one_that_hangs_keeps_nobody_waiting_and_is_told(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Callable[[], None]] = []
    monkeypatch.setattr(replica, "WAIT_SECONDS", 0.0)
    servers.after(0, primary=10, copy=10)
    servers.freshness = Freshness(begin=asked.append)
    assert servers.after(1, primary=10, copy=10) == (False, "")
    assert servers.after(5, primary=10, copy=10) == (False, "")
    assert servers.after(1, primary=10, copy=10) == (False, "unreachable")
    assert len(asked) == 1
    asked.pop()()
    assert servers.freshness.trouble() == ""
    assert not servers.freshness.is_current()  # what it had six seconds ago says too little
    asked.pop()()
    assert servers.freshness.is_current()

"""A session's money is looked for at its merchant's wish, one search of each business at a time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chains_app.networks.networks import Network, network
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, MoneySearch
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.watching import looking
from sessions_app.watching.searches import SearchedLately, ask_for_search, do_waiting
from tests.cast import PATS_WALLET, agreed, merchant

NOW = timezone.now()


def asked(session: CheckoutSession, *, seconds: float = 0) -> MoneySearch:
    return ask_for_search(session=session, actor="mia@example.com", now=NOW + timedelta(seconds=seconds))


def shown_an_address(session: CheckoutSession) -> CheckoutSession:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return session


@pytest.fixture
def ottos(otto: Merchant) -> CheckoutSession:
    return shown_an_address(create_session(merchant=otto, mode="test", terms=agreed()))


def test_twenty_of_a_business_wait_at_most_whatever_others_wait_for(
    new_session: Callable[..., CheckoutSession], ottos: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.watching.searches.MOST_WAITING", 2)
    asked(ottos)
    first, second, third = (shown_an_address(new_session()) for _ in range(3))
    search = asked(first)
    asked(second)
    with pytest.raises(SearchedLately, match="2 searches of this business wait already"):
        asked(third)
    MoneySearch.objects.filter(pk=search.pk).update(done_at=NOW)
    asked(third)


def test_again_it_is_looked_for_after_ten_minutes_when_that_is_done(ottos: CheckoutSession) -> None:
    search = asked(ottos)
    with pytest.raises(SearchedLately, match="or is just now"):
        asked(ottos, seconds=3600)
    MoneySearch.objects.filter(pk=search.pk).update(done_at=NOW)
    with pytest.raises(SearchedLately, match="less than 10 minutes ago"):
        asked(ottos, seconds=599)
    asked(ottos, seconds=600)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[CheckoutSession]:
    """What was looked for, in that order."""
    found: list[CheckoutSession] = []
    monkeypatch.setattr("sessions_app.watching.searches.look", lambda session, **_time: found.append(session) or [])
    return found


def test_each_business_has_its_turn_however_many_another_waits_for(
    new_session: Callable[..., CheckoutSession], ottos: CheckoutSession, done: list[CheckoutSession]
) -> None:
    mias = [shown_an_address(new_session()) for _ in range(3)]
    for each in (*mias, ottos):
        asked(each)
    for _ in range(5):
        do_waiting()
    assert done == [mias[0], ottos, mias[1], mias[2]]


@pytest.mark.parametrize(("threads", "at_once"), [(48, 2), (4, 2), (3, 1), (2, 1), (1, 1)])
def test_a_slow_one_holds_up_no_other_business_and_two_are_looked_for_at_once_where_threads_are_left(
    new_session: Callable[..., CheckoutSession],
    ottos: CheckoutSession,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    threads: int,
    at_once: int,
) -> None:
    settings.WORKER_THREADS = threads
    third = create_session(merchant=merchant("Tea", PATS_WALLET), mode="test", terms=agreed())
    mias = [shown_an_address(new_session()) for _ in range(2)]
    for each in (*mias, ottos, shown_an_address(third)):
        asked(each)
    begun: list[CheckoutSession] = []

    def slow(session: CheckoutSession, **_time: float) -> list[looking.Outcome]:
        begun.append(session)
        do_waiting()  # what another worker does meanwhile
        return []

    monkeypatch.setattr("sessions_app.watching.searches.look", slow)
    do_waiting()
    assert begun == [mias[0], ottos][:at_once]


@pytest.mark.parametrize(
    ("takes", "shares"),
    [
        ({"sandbox": 500, "devchain": 500}, [("sandbox", 120), ("devchain", 120)]),
        ({"sandbox": 200, "devchain": 20}, [("sandbox", 120), ("devchain", 120), ("sandbox", 100)]),
        ({"sandbox": 20, "devchain": 200}, [("sandbox", 120), ("devchain", 220)]),
    ],
)
def test_a_slow_network_takes_no_other_ones_time_and_goes_on_with_what_is_left(
    ottos: CheckoutSession,
    monkeypatch: pytest.MonkeyPatch,
    takes: dict[str, float],
    shares: list[tuple[str, float]],
) -> None:
    now, given = 0.0, []
    monkeypatch.setattr(looking.time, "monotonic", lambda: now)
    monkeypatch.setattr(looking, "enabled_networks", lambda _mode: [network("sandbox"), network("devchain")])

    class Slow:
        """Takes its time, or all that it is given."""

        def __init__(self, of: Network, _session: CheckoutSession) -> None:
            self.id = of.id

        def go_on(self, seconds: float) -> None:
            nonlocal now
            given.append((self.id, seconds))
            taken = min(seconds, takes[self.id])
            now += taken
            takes[self.id] -= taken
            self.is_cut_short = takes[self.id] > 0

        def outcome(self) -> looking.Outcome:
            return looking.Outcome(0, "")

    monkeypatch.setattr(looking, "Look", Slow)
    looking.look(ottos, seconds=240)
    assert given == shares

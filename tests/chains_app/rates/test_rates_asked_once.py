"""While one process asks the sources of rates, the others wait for its answer and ask nobody themselves."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.utils import timezone

from chains_app.rates.exchange_rates import RateUnavailable, rate
from chains_app.rates.snapshots import Snapshot, take_snapshot
from common.modes import Mode
from tests.fake_rates import FakeRates
from tests.races import closing

pytestmark = pytest.mark.django_db(transaction=True)


def asking_is_claimed() -> None:
    """Another process has begun to ask."""
    assert cache.add("rates:asking", 1, 30)


def answered_after(seconds: float, pool: ThreadPoolExecutor) -> "Future[Snapshot]":
    """That process has its answer so much later."""

    def answer() -> Snapshot:
        time.sleep(seconds)
        return take_snapshot(now=timezone.now(), seconds=20)

    return pool.submit(closing(answer))


def ether() -> Decimal:
    return rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now()).value


@pytest.mark.parametrize("stale", [False, True])
def test_who_finds_another_one_asking_waits_for_its_answer(sources: FakeRates, *, stale: bool) -> None:
    if stale:  # what was said before is too far apart to be believed; it is not taken for the answer
        sources.node.behaviour = "down"
        sources.kraken.factor, sources.kraken.wrong_pairs = Decimal("1.03"), {"ETH/USD"}
        take_snapshot(now=timezone.now() - timedelta(minutes=2), seconds=20)
        sources.node.behaviour, sources.kraken.factor = "well", Decimal(1)
    before = len(sources.kraken.asked)
    asking_is_claimed()
    with ThreadPoolExecutor(1) as pool:
        other = answered_after(0.5, pool)
        assert ether() == Decimal(3000)
        other.result()
    assert len(sources.kraken.asked) == before + 1


def test_who_waits_in_vain_says_so_and_asks_nobody(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    asking_is_claimed()
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr("chains_app.rates.exchange_rates.time", clock)
    with pytest.raises(RateUnavailable, match="no source of rates has answered"):
        ether()
    assert slept == [0.25] * 12  # a buyer waits for 2.8 s
    assert [source.asked for source in sources.all] == [[], [], []]


def test_who_finds_nobody_asking_asks_and_lets_the_others_wait(sources: FakeRates) -> None:
    assert ether() == Decimal(3000)
    assert cache.get("rates:asking")
    assert len(sources.kraken.asked) == 1
    assert ether() == Decimal(3000)
    assert len(sources.kraken.asked) == 1

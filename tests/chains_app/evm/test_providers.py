"""What is learned of a provider is kept, for other processes and the next start; its secret is kept nowhere."""

import time

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from chains_app.calls.known_limits import key_of
from chains_app.calls.providers import note_differences, recall, remember
from chains_app.calls.readers import limits_of, nodes_for, reader_for
from chains_app.evm.limits import GROWS_AFTER, Limit, Limits, Pace
from chains_app.evm.nodes import Nodes
from chains_app.evm.reader import EvmReader
from chains_app.models import Provider
from tests.chains_app.node_cast import DEVCHAIN

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/v2/SECRETKEY"


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Limits:
    """What this process knows of a node with a secret in its URL."""
    monkeypatch.setenv("RPC_URL_DEVCHAIN", URL)
    known = limits_of(DEVCHAIN)[URL]
    known.learned, known.kept = Limits().learned, None
    return known


def test_another_process_takes_over_what_was_learned(limits: Limits) -> None:
    limits.span.shrink(7)
    limits.batch.shrink(3)
    limits.pace.rate = 9.5
    remember(DEVCHAIN, timezone.now())
    limits.learned, limits.kept, limits.kept_at = Limits().learned, None, None  # as in a process just started
    recall(DEVCHAIN)
    assert limits.learned == (3, 7, 500, 9.5)


def test_what_another_process_learned_waits_as_long_as_what_was_learned_here(
    limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    limits.learned = (3, 8, 500, 40.0)
    for _ in range(2):
        limits.span.took(8)
        limits.batch.took(3)
        limits.pace.wait(0)
    assert limits.learned == (3, 8, 500, 40.0)
    now[0] += GROWS_AFTER
    limits.span.took(8)
    limits.pace.wait(0)
    assert limits.learned == (3, 10, 500, 50.0)


def test_whoever_asks_a_node_for_the_first_time_begins_with_what_others_learned(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """As web processes do, which read no blocks."""
    url = f"{URL}/{time.monotonic()}"
    monkeypatch.setenv("RPC_URL_DEVCHAIN", url)
    Provider.objects.create(
        network="devchain", key=key_of(url), host="127.0.0.1:9", largest_batch=3, updated_at=timezone.now()
    )
    with django_assert_num_queries(1):
        nodes = [nodes_for(DEVCHAIN).all[0] for _ in range(2)]
    assert [node.limits.batch.value for node in nodes] == [3, 3]


def test_no_secret_is_stored(limits: Limits) -> None:
    limits.span.shrink(7)
    remember(DEVCHAIN, timezone.now())
    row = Provider.objects.values().get(network="devchain")
    assert row["host"] == "127.0.0.1:9"
    assert "SECRETKEY" not in str(row)


def test_a_difference_is_counted_beside_what_was_learned(limits: Limits) -> None:
    reader = reader_for(DEVCHAIN)
    assert isinstance(reader, EvmReader)
    for _ in range(2):
        note_differences(DEVCHAIN, {key_of(reader.nodes.all[0].url): 1}, timezone.now())
    limits.span.shrink(7)
    remember(DEVCHAIN, timezone.now())
    row = Provider.objects.get(network="devchain")
    assert (row.differences, row.widest_span) == (2, 7)


def test_a_limit_shrinks_at_once_and_grows_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    limit, now = Limit(2000, 10_000), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    limit.shrink(8)
    limit.took(8)
    assert limit.value == 8  # not yet
    now[0] += GROWS_AFTER
    limit.took(7)
    assert limit.value == 8  # nobody asked for as many
    limit.took(8)
    assert limit.value == 10
    assert limit.less(10) == 8  # what is known to work, and not half
    limit.shrink(8)
    now[0] += GROWS_AFTER
    limit.took(8)
    assert limit.value == 8  # it was refused again, so it waits twice as long
    now[0] += GROWS_AFTER
    limit.took(8)
    assert limit.value == 10


@pytest.mark.parametrize(
    ("asked", "answered", "rate"),
    [
        ({-1.5: 900, -0.9: 80}, {-1.5: 800, -0.5: 40}, 40.0),  # half of those asked in the last second
        ({-0.9: 80}, {-1.5: 800, -1.0: 2, -0.5: 58}, 54.0),  # nine of ten that were answered in it
        ({}, {}, 20.0),  # but not few at once
    ],
)
def test_a_pace_follows_from_the_last_second_alone(
    monkeypatch: pytest.MonkeyPatch, asked: dict[float, int], answered: dict[float, int], rate: float
) -> None:
    pace, now = Pace(), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for at in sorted({*asked, *answered}):
        now[0] = 1000.0 + at
        pace.wait(asked[at]) if at in asked else None
        pace.took(answered[at]) if at in answered else None
    now[0] = 1000.0
    pace.shrink()
    assert pace.rate == rate


def test_a_pace_that_was_refused_falls_by_a_third_and_not_to_what_was_asked_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace, now = Pace(), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    pace.wait(60)
    pace.took(40)
    pace.shrink()
    assert pace.rate == 36
    now[0] += 2  # it rested, and asks for one call
    pace.wait(1)
    pace.took(1)
    pace.shrink()
    assert pace.rate == 24


def test_who_refuses_everything_does_not_do_so_for_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    pace, now = Pace(), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace.wait(1)
    pace.took(1)
    rates = []
    for _ in range(10):
        pace.shrink()
        rates.append(pace.rate)
        now[0] += 2
    assert (rates[0], rates[-1]) == (20, 4)


def test_who_takes_few_calls_a_second_is_asked_after_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{URL}, {URL}/2")
    nodes = Nodes(DEVCHAIN)
    for node, rate in zip(nodes.all, (9.0, 30.0), strict=True):
        node.limits.pace.rate, node.is_checked = rate, True
    assert nodes.ask(lambda node: node.url) == f"{URL}/2"

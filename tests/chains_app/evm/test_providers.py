"""What is learned of a provider is kept, for other processes and the next start; its secret is kept nowhere."""

import time

import pytest
from django.utils import timezone

from chains_app.calls.providers import key_of, note_differences, recall, remember
from chains_app.calls.readers import limits_of, reader_for
from chains_app.evm.limits import GROWS_AFTER, Limit, Limits
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

"""What somebody else's machine says may be of any length: what is kept of it is just as long as its column."""

from datetime import UTC, datetime, timedelta

import pytest

from chains_app.models import ScanCursor, SetAside
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from chains_app.reading.reader import Doubt
from chains_app.reading.set_aside import postpone, set_aside, settle
from merchants_app.models import Merchant
from webhooks_app.endpoints.endpoints import create_endpoint, switch_off
from webhooks_app.models import WebhookEndpoint

pytestmark = pytest.mark.django_db
LONG = "A-node-said-this." * 100  # without spaces: PostgreSQL cuts those off by itself
NETWORK = network("devchain")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ODD = Doubt(what="log", place="log 7", first=3, last=4, address="", why=LONG)


def test_a_networks_problem_at_first_and_later() -> None:
    for _ in range(2):
        record_problem(network=NETWORK, problem=LONG)
        assert ScanCursor.objects.get(pk=NETWORK.id).problem == LONG[:300]


def test_why_something_is_set_aside_at_first_and_later() -> None:
    set_aside(NETWORK, [ODD], NOW)
    row = SetAside.objects.get(network=NETWORK.id)
    assert row.why == LONG[:300]
    postpone(row, "B" + LONG, NOW)
    assert SetAside.objects.get(pk=row.pk).why == "B" + LONG[:299]


def test_why_an_endpoint_was_switched_off(mia: Merchant) -> None:
    endpoint, _ = create_endpoint(merchant=mia, mode="test", url="http://127.0.0.1:9/", actor="mia")
    switch_off(endpoint=endpoint, reason=LONG, actor="mia")
    assert WebhookEndpoint.objects.get(pk=endpoint.pk).disabled_reason == LONG[:200]


@pytest.mark.parametrize(
    ("tries", "pause"),
    [(0, 4), (1, 8), (5, 128), (12, 16_384), (13, 21_600), (19, 21_600), (40, 21_600)],
)
def test_what_makes_no_sense_is_asked_for_ever_less_often(tries: int, pause: int) -> None:
    set_aside(NETWORK, [ODD], NOW)
    row = SetAside.objects.get(network=NETWORK.id)
    assert (row.tries, row.first_at, row.last_at, row.try_at) == (0, NOW, NOW, NOW + timedelta(seconds=2))
    row.tries, later = tries, NOW + timedelta(hours=9)
    postpone(row, "again", later)
    row.refresh_from_db()
    assert (row.tries, row.first_at, row.last_at) == (tries + 1, NOW, later)
    assert (row.try_at, row.settled_at) == (later + timedelta(seconds=pause), None)
    at_last = later + timedelta(days=1)
    settle(row, at_last)
    row.refresh_from_db()
    assert (row.tries, row.last_at, row.settled_at) == (tries + 2, at_last, at_last)

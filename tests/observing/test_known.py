"""What `/metrics` reads of the database: a fixed number of queries, and alarms that mean something."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DataError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from chains_app.models import RateSheet, ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.heads import keep_heads
from chains_app.reading.health import record_problem
from checkout_project.facts import installation
from merchants_app import held
from sessions_app.models import CheckoutSession
from tests.operators import Operator

QUERIES = 24  # nine of them begin, plan and end transactions
# Of which nobody in this database has read anything.
NEW, NODE = "celo", "RPC_URL_CELO"


def told(client: Client) -> dict[str, dict[str, float]]:
    """By metric and by the value of its (last) label."""
    text = client.get("/metrics").content.decode()
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})["/".join(sample.labels.values())] = sample.value
    return found


def test_a_scrape_asks_as_often_however_much_there_is(
    client: Client, session: CheckoutSession, django_assert_num_queries: Any
) -> None:
    told(client)  # a process asks once whether the database is migrated
    with django_assert_num_queries(QUERIES):
        before = told(client)
    CheckoutSession.objects.filter(pk=session.pk).update(needs_decision=True, issue="overpaid")
    with django_assert_num_queries(QUERIES):
        found = told(client)
    waiting, waited = found["tallystick_decisions_waiting"], before["tallystick_decisions_waiting"]
    assert (waiting["test"] - waited["test"], waiting["live"] - waited["live"]) == (1, 0)
    assert found["tallystick_running_sessions"]["live/processing"] >= 0
    assert sum(found["tallystick_database_connections"].values()) >= 1
    assert found["tallystick_redis_up"] == {"": 1}


def test_providers_that_lag_behind_the_others_are_named(client: Client, db: None) -> None:
    keep_heads("sandbox", [("quick.example", 109), ("slow.example", 100)])
    behind = told(client)["tallystick_provider_behind_blocks"]
    assert (behind["quick.example/sandbox"], behind["slow.example/sandbox"]) == (0, 9)


def test_a_wrong_statement_is_not_taken_for_an_outage(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        raise DataError("timestamp too small (before year 1)")

    monkeypatch.setattr(installation, "oldest_waiting", wrong)
    with pytest.raises(DataError):
        installation.facts()


def test_what_is_held_back_is_told_as_held(client: Client, db: None) -> None:
    held.arrive()
    assert told(client)["tallystick_held"] == {"": 0}
    held.hold("Restored.", timezone.now())
    assert told(client)["tallystick_held"] == {"": 1}


def test_a_node_that_never_answered_alarms(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NODE, "http://127.0.0.1:9")
    assert told(client)["tallystick_chain_read_seconds_ago"][NEW] == float("inf")
    record_problem(network=network(NEW), problem="It says nothing.", now=timezone.now() - timedelta(seconds=90))
    found = told(client)
    assert found["tallystick_chain_read_seconds_ago"][NEW] == float("inf")
    assert 90 <= found["tallystick_chain_unread_seconds"][NEW] < 120


def test_a_network_that_is_switched_off_alarms_no_more(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NODE, "http://127.0.0.1:9")
    record_problem(network=network(NEW), problem="It says nothing.", now=timezone.now() - timedelta(seconds=90))
    monkeypatch.delenv(NODE)
    found = told(client)
    assert NEW not in found["tallystick_chain_read_seconds_ago"]
    assert NEW not in found["tallystick_chain_unread_seconds"]
    assert "sandbox" in found["tallystick_chain_unread_seconds"]


def test_how_far_a_network_is_behind_its_head(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NODE, "http://127.0.0.1:9")
    ScanCursor.objects.create(network=NEW, block_number=90, head=97, scanned_at=timezone.now())
    assert told(client)["tallystick_chain_lag_blocks"][NEW] == 7


@pytest.mark.parametrize(("age", "is_told"), [(59, False), (75, True)])
@pytest.mark.usefixtures("looks_each_time")
def test_a_node_that_freezes_is_told_long_before_it_is_given_up(
    client: Client, operator: Operator, monkeypatch: pytest.MonkeyPatch, age: int, is_told: bool
) -> None:
    monkeypatch.setenv(NODE, "http://127.0.0.1:9")
    now = timezone.now()
    ScanCursor.objects.create(
        network=NEW, block_number=97, head=97, head_at=now - timedelta(seconds=age), scanned_at=now
    )
    assert told(client)["tallystick_chain_head_age_seconds"][NEW] == age
    said = client.get("/readyz").json()["networks"]
    assert (f"Celo: its newest block is {age} s old" in said) is is_told
    assert ("Celo stands still: its newest block is 1 minute old" in operator.read("")) is is_told


def test_each_source_of_rates_has_its_age(
    client: Client, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NODE, "http://127.0.0.1:9")
    settings.KRAKEN_URL = settings.COINBASE_URL = "http://127.0.0.1:9"
    now = timezone.now()
    said = [{"source": "kraken", "pair": pair, "value": "1", "at": _ago(now, age)} for pair, age in PAIRS]
    RateSheet.objects.create(taken_at=now, readings=said, anchors={}, problems={})
    with time_machine.travel(now, tick=False):
        ages = told(client)["tallystick_rate_age_seconds"]
    assert (ages["kraken"], ages["coinbase"]) == (40, float("inf"))


PAIRS = [("ETH/USD", 40), ("USDC/USD", 70)]


def _ago(now: datetime, seconds: int) -> str:
    return (now - timedelta(seconds=seconds)).isoformat()


def test_without_redis_the_database_is_told_and_redis_missed(client: Client, db: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    found = told(client)
    assert (found["tallystick_redis_up"], found["tallystick_database_up"]) == ({"": 0}, {"": 1})
    assert "tallystick_queue_tasks" not in found


def test_what_waits_is_counted_up_to_a_limit(
    client: Client, new_session: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        CheckoutSession.objects.filter(pk=new_session().pk).update(needs_decision=True, issue="overpaid")
    monkeypatch.setattr(installation, "MOST_COUNTED", 2)
    assert told(client)["tallystick_decisions_waiting"]["test"] == 2

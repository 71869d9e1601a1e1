"""What endpoints are told of, audited for and measured by, where one value stands for another too easily."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db.models import F
from django.utils import timezone

from merchants_app.models import AuditEntry
from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener
from webhooks_app.endpoints.custom_headers import check_headers
from webhooks_app.endpoints.endpoints import change_endpoint, delete_endpoint, rotate_secret, switch_off
from webhooks_app.endpoints.failing import last_problem
from webhooks_app.endpoints.health import health_of
from webhooks_app.errors import NoSuchEndpoint, WrongHeaders
from webhooks_app.models import Delivery, DeliveryAttempt, Event, WebhookEndpoint

Listen = Callable[..., Listener]
Happen = Callable[..., Event]
OLD, NEW = "https://shop.example/old", "https://shop.example/new"
SET_BY_US = [
    "Host", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Expect", "Transfer-Encoding", "Content-Length",
    "Content-Type", "Accept-Encoding", "User-Agent", "Proxy-Authorization", "Proxy-Connection", "Webhook-Id",
    "Webhook-Timestamp", "Webhook-Signature", "webhook-anything",
]  # fmt: skip


@pytest.mark.parametrize("spelled", [str, str.lower, str.upper])
@pytest.mark.parametrize("name", SET_BY_US)
def test_a_header_that_is_ours_cannot_be_chosen(name: str, spelled: Callable[[str], str]) -> None:
    with pytest.raises(WrongHeaders, match=f"{spelled(name)} is set by Tallystick"):
        check_headers({spelled(name): "x"})


def test_a_header_is_up_to_1000_characters_and_twenty_may_be_sent() -> None:
    check_headers({f"X-{number}": "a" * 1000 for number in range(20)})
    with pytest.raises(WrongHeaders, match="1 to 1000 printable"):
        check_headers({"X-Token": "a" * 1001})
    with pytest.raises(WrongHeaders, match="1 to 1000 printable"):
        check_headers({"X-Token": ""})
    with pytest.raises(WrongHeaders, match="At most 20 headers"):
        check_headers({f"X-{number}": "a" for number in range(21)})
    with pytest.raises(WrongHeaders, match="named twice"):
        check_headers({"X-Token": "a", "x-token": "b"})


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"url": NEW}, [{"url": NEW, "events": []}]),
        ({"events": ["checkout.expired"]}, [{"url": OLD, "events": ["checkout.expired"]}]),
        ({"headers": {"X-Token": "secret"}}, [{"url": OLD, "events": []}]),
        ({"url": NEW, "events": ["checkout.expired"]}, [{"url": NEW, "events": ["checkout.expired"]}]),
        ({"enabled": True}, []),
    ],
)
def test_each_change_of_where_messages_go_is_one_audit_line(
    listen: Listen, change: dict[str, Any], lines: list[dict[str, Any]]
) -> None:
    endpoint = listen(url=OLD).endpoint
    change_endpoint(endpoint=endpoint, actor="ida@example.com", **change)
    written = AuditEntry.objects.filter(subject=endpoint.public_id, action="webhook_endpoint.changed")
    assert [entry.detail for entry in written] == lines
    by = ("ida@example.com", "test", endpoint.merchant_id)
    assert [(entry.actor, entry.mode, entry.merchant_id) for entry in written] == [by] * len(lines)


def attempted(listener: Listener, problem: str, **more: Any) -> None:
    delivery = Delivery.objects.filter(endpoint=listener.endpoint).latest("id")
    given: dict[str, Any] = {"started_at": timezone.now(), "duration_ms": 1, "problem": problem} | more
    DeliveryAttempt.objects.create(delivery=delivery, **given)
    Delivery.objects.filter(pk=delivery.pk).update(attempts_made=F("attempts_made") + 1)


def test_of_several_problems_the_last_one_is_told(listen: Listen, happen: Happen) -> None:
    hers, other = listen("/hers"), listen("/other")
    happen()
    attempted(hers, "forbidden", status_code=403)
    attempted(hers, "refused")
    happen()
    attempted(hers, "tls_expired", detail="shop.example")
    attempted(hers, "", status_code=200)
    attempted(other, "forbidden", status_code=403)
    explanation = last_problem(hers.endpoint)
    assert explanation is not None
    assert "certificate has expired" in explanation.what
    assert last_problem(listen("/new").endpoint) is None


def test_health_is_the_middle_of_what_succeeded_and_a_share_rounded_down(listen: Listen, happen: Happen) -> None:
    hers, other = listen("/hers"), listen("/other")
    happen()
    for duration in (10, 1000, 20):
        attempted(hers, "", duration_ms=duration)
    attempted(other, "", duration_ms=5)
    found = health_of(hers.endpoint)
    assert (found.attempts, found.succeeded, found.median_ms, found.slowest_ms, found.percent) == (3, 3, 20, 1000, 100)
    for _ in range(2):
        attempted(hers, "timeout", duration_ms=20_000)
    attempted(hers, "", duration_ms=40)
    found = health_of(hers.endpoint)
    assert (found.attempts, found.succeeded, found.median_ms, found.slowest_ms, found.percent) == (6, 4, 30, 1000, 66)


def test_a_backlog_hides_neither_health_nor_what_is_wrong(listen: Listen, happen: Happen) -> None:
    hers = listen("/hers")
    happen()
    for _ in range(42):
        attempted(hers, "timeout", duration_ms=20_000)
    with patch("webhooks_app.endpoints.tries.LOOKED_AT", 3), patch("webhooks_app.endpoints.failing.LOOKED_AT", 3):
        for _ in range(4):
            happen()
        found, explanation = health_of(hers.endpoint), last_problem(hers.endpoint)
    assert (found.attempts, found.succeeded, found.percent, found.waiting) == (42, 0, 0, 5)
    assert explanation is not None


@pytest.mark.parametrize("length", [200, 201, 5000])
def test_a_long_reason_is_kept_up_to_200_characters(listen: Listen, length: int) -> None:
    listener = listen()
    switch_off(endpoint=listener.endpoint, reason="ö" * length, actor="system")
    assert listener.now().disabled_reason == "ö" * 200


@pytest.mark.parametrize(
    "act",
    [
        lambda endpoint: change_endpoint(endpoint=endpoint, actor="mia", url=NEW),
        lambda endpoint: rotate_secret(endpoint=endpoint, actor="mia"),
        lambda endpoint: delete_endpoint(endpoint=endpoint, actor="mia"),
        lambda endpoint: switch_off(endpoint=endpoint, reason="It fails.", actor="system"),
    ],
    ids=["change", "rotate", "delete", "switch off"],
)
def test_nothing_is_done_to_an_endpoint_that_somebody_has_deleted_meanwhile(
    listen: Listen, act: Callable[[WebhookEndpoint], object]
) -> None:
    endpoint = listen(url=OLD).endpoint
    delete_endpoint(endpoint=WebhookEndpoint.objects.get(pk=endpoint.pk), actor="bea")
    before = WebhookEndpoint.objects.filter(pk=endpoint.pk).values().get()
    with pytest.raises(NoSuchEndpoint):
        act(endpoint)
    assert WebhookEndpoint.objects.filter(pk=endpoint.pk).values().get() == before


@pytest.mark.parametrize(
    ("leased", "waits", "state"),
    [(True, 30, "pending"), (False, 30, "failed"), (True, -1, "failed")],
    ids=["on its way", "waits for its next try", "was left behind"],
)
def test_what_is_on_its_way_when_its_endpoint_is_switched_off_is_left_to_its_sender(
    listen: Listen, happen: Happen, *, leased: bool, waits: int, state: str
) -> None:
    listener = listen()
    happen()
    own(Delivery).update(leased=leased, next_attempt_at=timezone.now() + timedelta(seconds=waits))
    switch_off(endpoint=listener.endpoint, reason="by hand", actor="mia@example.com")
    assert own(Delivery).get().state == state

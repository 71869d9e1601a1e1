"""The page of API requests: its figures, what a request unfolds to, and which are shown."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from merchants_app.keys.api_keys import create_key
from merchants_app.models import ApiKey, LoggedRequest, Merchant
from sessions_app.models import CheckoutSession
from tests.desk import Desk


@pytest.fixture
def key(mia: Merchant) -> ApiKey:
    return create_key(merchant=mia, mode="test", name="Shop server")[0]


def log(key: ApiKey, *, status: int = 200, took: str = "9", **more: Any) -> LoggedRequest:
    """One request with this key."""
    fields = {"method": "POST", "path": "/api/v1/checkout", "request_id": f"req_{status}", "at": timezone.now()}
    return LoggedRequest.objects.create(
        merchant=key.merchant, mode=key.mode, key=key, status_code=status, duration_ms=Decimal(took), **fields | more
    )


def test_its_figures_are_of_the_last_day(desk: Desk, mia: Merchant, key: ApiKey, settings: Any) -> None:
    settings.RATE_LIMIT_PER_KEY = 600
    noon = timezone.now().replace(second=0, microsecond=0) - timedelta(hours=2)
    for second, (status, took) in enumerate([(201, "10"), (201, "12"), (409, "14"), (500, "90")]):
        log(key, status=status, took=took, at=noon + timedelta(seconds=second))
    log(create_key(merchant=mia, mode="test", name="Reports")[0], took="14", at=noon)
    log(key, took="14", at=noon + timedelta(minutes=1))
    log(key, status=404, took="5000", at=timezone.now() - timedelta(hours=24, minutes=1))
    text = desk.read("requests")
    assert "<dd> 6 requests </dd>" in text
    assert "<dd> 2, 33.3 % </dd>" in text
    assert "<dd> 14 ms </dd>" in text
    assert "<dd> 600 a minute, highest 4 </dd>" in text
    assert "<dd> 1 request </dd>" in desk.read(f"requests?key={ApiKey.objects.get(name='Reports').public_id}")


def test_of_very_many_the_newest_are_counted(desk: Desk, key: ApiKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("merchants_app.requests.figures.LOOKED_THROUGH", 2)
    for status in (500, 200, 200):
        log(key, status=status)
    text = desk.read("requests")
    assert "<dd> 2 requests and more; of these </dd>" in text
    assert "<dd> – </dd>" in text  # refused: none of these


def test_a_request_leads_to_its_session(desk: Desk, key: ApiKey, new_session: Callable[..., CheckoutSession]) -> None:
    ordered, bare = new_session(reference="10482"), new_session(reference=None)
    log(key, path=f"/api/v1/checkout/{ordered.public_id}/expire")
    log(key, path=f"/api/v1/checkout/sessions/{bare.public_id}")
    text = desk.read("requests")
    assert f'/sessions/{ordered.public_id}">order 10482</a>' in text
    assert f'/sessions/{bare.public_id}">{bare.public_id}</a>' in text


def test_a_request_about_anothers_session_leads_nowhere(desk: Desk, otto: Merchant, session: CheckoutSession) -> None:
    log(create_key(merchant=otto, mode="test", name="Otto")[0], path=f"/api/v1/checkout/sessions/{session.public_id}")
    text = Desk(otto.members.get().user).read("requests")
    assert session.public_id in text
    assert "/sessions/cs_" not in text.replace("/api/v1/checkout/sessions/", "")


def test_a_refusal_says_why_and_where_more_stands(desk: Desk, key: ApiKey) -> None:
    log(key, status=429, error_code="rate_limited")
    text = desk.read("requests")
    assert "Too many requests. Wait Retry-After seconds." in text
    assert "/docs/errors#rate_limited" in text
    assert key.hint in text


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("", {200, 404, 500}), ("1", {404, 500}), ("4xx", {404}), ("5xx", {500}), ("odd", {200, 404, 500})],
)
def test_answers_are_chosen(desk: Desk, key: ApiKey, asked: str, shown: set[int]) -> None:
    for status in (200, 404, 500):
        log(key, status=status)
    text = desk.read(f"requests?failed={asked}")
    assert {status for status in (200, 404, 500) if f"req_{status}<" in text} == shown


def test_the_menu_leads_to_the_docs_from_every_mode(desk: Desk) -> None:
    for each in (desk, desk.in_("live")):
        menu = each.read("requests").partition('id="menu"')[2].partition("</nav>")[0]
        assert menu.index('href="/docs"') > menu.index(f'href="/dashboard/{each.at}/requests"')
        assert menu.count('aria-current="page"') == 1

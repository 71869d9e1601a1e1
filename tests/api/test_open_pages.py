"""Pages that are open ask the web process for news: Django is asked only where there may be some."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from checkout_project.web.bridge import Bridge
from tests.api.test_bridge import asked, scope

PAGE = reverse("hosted:pay-status", args=["pg_open"])
KNOWN = ("if-none-match", '"a-1"')
Unchanged = Callable[..., list[bool]]


@pytest.fixture
def bridge() -> Bridge:
    """Around an application that has news for everybody."""

    def news(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"news"]

    return Bridge(news, threads=2, limit=100, seconds=5)  # type: ignore[arg-type]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[Unchanged], None]:
    """What the one statement says."""
    return lambda unchanged: monkeypatch.setattr("checkout_project.web.open_pages.asked_by_many", unchanged)


def test_where_nothing_is_new_django_is_not_asked(bridge: Bridge, says: Callable[[Unchanged], None]) -> None:
    says(lambda pages: [token == "pg_open" for token, _ in pages])
    status, headers, body = asked(bridge, scope(PAGE, KNOWN))
    assert (status, headers["etag"], body) == (304, '"a-1"', b"")
    assert headers["cache-control"] == "no-store, private"


@pytest.mark.parametrize(
    "request_",
    [
        scope(PAGE),
        scope(PAGE, KNOWN, method="POST"),
        scope(PAGE, KNOWN, ("content-length", "1")),
        scope("/pay/pg_open", KNOWN),
        scope("/pay/pg/open/status", KNOWN),
    ],
    ids=["no tag", "a form", "a body", "the page", "elsewhere"],
)
def test_whatever_is_no_question_for_news_goes_to_django(
    bridge: Bridge, says: Callable[[Unchanged], None], request_: dict[str, Any]
) -> None:
    says(lambda pages: [True] * len(pages))
    assert asked(bridge, request_, b"x")[0] == 200


def test_what_cannot_be_said_django_says(bridge: Bridge, says: Callable[[Unchanged], None]) -> None:
    says(lambda pages: [False] * len(pages))
    assert asked(bridge, scope(PAGE, KNOWN))[2] == b"news"

    def broken(_pages: object) -> list[bool]:
        raise ZeroDivisionError

    says(broken)
    assert asked(bridge, scope(PAGE, KNOWN))[2] == b"news"


def test_who_asks_meanwhile_is_answered_together(bridge: Bridge, says: Callable[[Unchanged], None]) -> None:
    statements: list[int] = []
    says(lambda pages: (statements.append(len(pages)), [True] * len(pages))[1])

    async def many() -> list[int]:
        return await asyncio.gather(*(_status(bridge) for _ in range(600)))

    assert asyncio.run(many()) == [304] * 600
    assert sum(statements) == 600
    assert len(statements) <= 3


async def _status(bridge: Bridge) -> int:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    await bridge(scope(PAGE, KNOWN), receive, send)
    return int(sent[0]["status"])

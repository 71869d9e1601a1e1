"""Pages that are open ask the web process for news: Django is asked only where there may be some."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.urls import reverse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checkout_project.web.bridge import Bridge
from checkout_project.web.environ import environ_of
from checkout_project.web.open_pages import asked_by_many
from sessions_app.models import CheckoutSession
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


@pytest.fixture
def looked(says: Callable[[Unchanged], None]) -> Iterator[list[int]]:
    """How many pages each real statement was about. It says of all of them that nothing is new."""
    statements: list[int] = []

    def look(pages: Any) -> list[bool]:
        try:
            asked_by_many(pages)
        finally:
            connection.close()
        statements.append(len(pages))
        return [True] * len(pages)

    says(look)
    return statements


_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
_NAMES = st.sampled_from(["accept-language", "cookie", "content-type", "if-none-match", "host", "x-forwarded-for"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    token=st.text(st.characters(codec="utf-8"), min_size=1, max_size=50),
    headers=st.dictionaries(_NAMES, _TEXT),
    query=_TEXT,
)
@example(token="\0", headers={}, query="")
@example(token="pg_\0", headers={}, query="")
@example(token="pg_open", headers={"content-type": "a/b; charset=\0"}, query="")
def test_whatever_a_stranger_asks_the_others_have_their_answer_by_one_statement(
    bridge: Bridge, db: None, looked: list[int], token: str, headers: dict[str, str], query: str
) -> None:
    odd = scope(f"/pay/{token}/status", *(({"if-none-match": "x"} | headers).items()))
    odd |= {"raw_path": f"/pay/{quote(token, safe='')}/status".encode(), "query_string": query.encode("latin-1")}
    looked.clear()

    async def both() -> list[int]:
        return await asyncio.gather(_status(bridge, odd), _status(bridge), _status(bridge, odd))

    assert asyncio.run(both())[1] == 304
    assert sum(looked) in {1, 3}


def test_an_address_with_too_much_in_it_is_its_senders_own_trouble(session: CheckoutSession) -> None:
    token = session.page_token
    question = scope(reverse("hosted:pay-status", args=[token]), KNOWN) | {"query_string": b"a&" * 2000}
    crowded = WSGIRequest(environ_of(question))
    assert asked_by_many([(token, crowded), (token, crowded)]) == [False, False]


async def _status(bridge: Bridge, request: dict[str, Any] | None = None) -> int:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    await bridge(request or scope(PAGE, KNOWN), receive, send)
    return int(sent[0]["status"])

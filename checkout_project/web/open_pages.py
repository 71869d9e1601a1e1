"""Answers open payment pages that ask whether anything is new: many of them by one statement, and without Django's way.

Thousands are open where a shop sells much, and each asks every two seconds. Who asks while a statement runs waits for
the next one, so the more there are, the less each costs.
"""

import asyncio
import re
from typing import Any, NamedTuple

import structlog
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest
from django.urls import resolve, reverse

from checkout_project.web.environ import Environ
from checkout_project.web.threads import Threads

# As `hosted:pay-status` has it, of what may be a page's token: nobody's question may make the statement fail for all.
_STATUS = re.compile(r"/pay/([A-Za-z0-9_]{1,40})/status")
_AT_ONCE = 500  # pages that one statement is about

_log = structlog.get_logger()


def asked_by_many(pages: list[tuple[str, HttpRequest]]) -> list[bool]:
    """Of each page, by its token and the request: whether the door that has its news is sure that there are none."""
    door: Any = resolve(reverse("hosted:pay-status", args=["any"])).func
    answers: list[bool] = door.asked_by_many(pages)
    return answers


class _Asked(NamedTuple):
    page_token: str
    environ: Environ
    answer: "asyncio.Future[bool]"


class OpenPages:
    """Those that have asked this process and wait for its answer."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._waiting: list[_Asked] = []
        self._answering: asyncio.Task[None] | None = None

    async def is_unchanged(self, environ: Environ) -> bool:
        """Whether a request asks for a page's news and there are surely none. Whatever else it asks, Django answers."""
        asks = environ["REQUEST_METHOD"] == "GET" and environ.get("HTTP_IF_NONE_MATCH")
        found = _STATUS.fullmatch(environ["PATH_INFO"]) if asks else None
        if found is None:
            return False
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(found[1], environ, answer))
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer())
        return await answer

    async def _answer(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            try:
                found = await self._threads.call(lambda asked=asked: _look(asked))  # type: ignore[misc]
            except Exception:  # noqa: BLE001  (whatever it is, each is asked again by Django, which says so)
                _log.warning("web.open_pages_not_looked_at", exc_info=True)
                found = [False] * len(asked)
            for each, is_unchanged in zip(asked, found, strict=True):
                if not each.answer.done():
                    each.answer.set_result(is_unchanged)
        self._answering = None


def _look(asked: list[_Asked]) -> list[bool]:
    requests = [_request(each.environ) for each in asked]
    pages = [(each.page_token, request) for each, request in zip(asked, requests, strict=True) if request]
    # As before and after a request of Django's: a connection that has ended, or is too old, is not used.
    close_old_connections()
    try:
        said = iter(asked_by_many(pages))
    finally:
        close_old_connections()
    return [request is not None and next(said) for request in requests]


def _request(environ: Environ) -> HttpRequest | None:
    """None where Django cannot read it, which says so when it is asked itself."""
    try:
        return WSGIRequest(environ)
    except Exception:  # noqa: BLE001  (whatever a stranger sends, it is their own question only)
        return None

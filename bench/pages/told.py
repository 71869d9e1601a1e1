"""The competitor of pages that ask for news: pages that are told. Measured by `bench.pages.buyers`, served by nobody.

An answer to `GET /pay/{token}/told` never ends (server-sent events): the loop holds it, no thread. Once a second all
that are open in this process are looked at, by the statement that answers those that ask; to one that looks otherwise
by now something is said, and it asks for its status. `Last-Event-ID` is the version that it has.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from checkout_project.asgi import application as product  # sets Django up

from django.core.handlers.wsgi import WSGIRequest  # isort: skip
from django.db import close_old_connections  # isort: skip
from django.utils import timezone  # isort: skip

from checkout_project.web.bodies import Receive  # isort: skip
from checkout_project.web.bridge import Send  # isort: skip
from checkout_project.web.environ import Scope, environ_of  # isort: skip
from common.network.languages import language_of  # isort: skip
from sessions_app.paying.page_rows import page_rows  # isort: skip
from sessions_app.shown.states import PLAIN, is_still_so  # isort: skip

LOOKS_EVERY, HEARTBEAT_SECONDS, AT_ONCE = 1.0, 15.0, 500
_PATH = re.compile(r"/pay/([A-Za-z0-9_]{1,40})/told")
_HEAD = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, private"),
    (b"x-accel-buffering", b"no"),  # nginx would keep it back
]
_NEWS, _HEARTBEAT = b"data: news\n\n", b":\n\n"


@dataclass(eq=False, slots=True)
class _Page:
    token: str
    request: WSGIRequest
    version: str
    send: Send
    language: str = ""

    async def tell(self, text: bytes) -> None:
        await self.send({"type": "http.response.body", "body": text, "more_body": True})


class Told:
    """The product, and beside it pages that are told."""

    def __init__(self) -> None:
        self.open: set[_Page] = set()
        self.looking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await product(scope, receive, send)
            return
        request = WSGIRequest(environ_of(scope))
        page = _Page(found[1], request, request.headers.get("Last-Event-ID", ""), send)
        await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
        await page.tell(_HEARTBEAT)
        self.open.add(page)
        if self.looking is None:
            self.looking = asyncio.create_task(self._look())
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self.open.discard(page)

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        beats = loop.time() + HEARTBEAT_SECONDS
        while self.open:
            began, pages = loop.time(), list(self.open)
            for start in range(0, len(pages), AT_ONCE):
                some = [page for page in pages[start : start + AT_ONCE] if page.version]
                for page in await product.threads.call(lambda some=some: _changed(some)):  # type: ignore[misc]
                    page.version = ""  # told: it would come again with what it then knows
                    await page.tell(_NEWS)
            if loop.time() > beats:
                beats += HEARTBEAT_SECONDS
                for page in pages:
                    await page.tell(_HEARTBEAT)
            await asyncio.sleep(began + LOOKS_EVERY - loop.time())
        self.looking = None


def _changed(pages: Sequence[_Page]) -> list[_Page]:
    now = timezone.now()
    close_old_connections()
    try:
        found: dict[str, Any] = page_rows({page.token for page in pages}, now=now)
    finally:
        close_old_connections()
    return [page for page in pages if not (rows := found.get(page.token)) or not _is_still_so(page, rows, now)]


def _is_still_so(page: _Page, rows: Any, now: Any) -> bool:
    page.language = page.language or language_of(page.request, *rows.wished_languages, offer=rows.speaks)
    return is_still_so(page.version, rows.versions, language=page.language, wanted=PLAIN, now=now)


application = Told()

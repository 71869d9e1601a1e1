"""Answers that are written as they are sent: each by a thread of its own, so that a slow reader holds none of Django's.

The thread is never far ahead of the reader. Who reads nothing for a while is left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from threading import Thread
from typing import Any

import structlog
from django.db import connections

# Pieces that may wait for the reader, and how long the next may have to.
_WAITING = 4
_PATIENCE_SECONDS = 20.0

_log = structlog.get_logger()


class BrokenOffError(Exception):
    """The answer's end is missing, and the reader must be able to tell: its connection ends with it."""


async def stream(pieces: Iterable[bytes], send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    """Sends the body whose head is sent already. Raises BrokenOffError."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Queue[bytes | None](_WAITING)
    is_whole = loop.create_future()

    def put(piece: bytes | None) -> None:
        asyncio.run_coroutine_threadsafe(waiting.put(piece), loop).result(_PATIENCE_SECONDS)

    def write() -> None:
        done = False
        try:
            for piece in pieces:
                put(piece)
            done = True
        except Exception:  # noqa: BLE001  (the reader sees that the end is missing)
            _log.exception("web.stream_broke_off")
        finally:
            pieces.close()  # type: ignore[attr-defined]  # Django's own answers have it
            connections.close_all()
            loop.call_soon_threadsafe(is_whole.set_result, done)
            put(None)

    Thread(target=write, name="stream", daemon=True).start()
    while (piece := await waiting.get()) is not None:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if not await is_whole:
        raise BrokenOffError
    await send({"type": "http.response.body", "body": b""})

"""Reads request bodies where it costs a slow client nothing but its own connection: in the loop, never in a thread."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from checkout_project.api_limits import is_without_key
from checkout_project.web.environ import Environ

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# What a client that is refused may still send, so that it reads the answer instead of a broken connection.
_DROPPED_BYTES, _DROPPED_SECONDS = 1024 * 1024, 2.0


class ClientGoneError(Exception):
    """The connection ended in the middle of a body: there is nobody to answer."""


def has_body(environ: Environ) -> bool:
    """Whether anything follows the headers."""
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def is_worth_reading(environ: Environ, *, limit: int) -> bool:
    """False for what is refused whatever the body says: one that is announced too long, a call without a key."""
    length = environ.get("CONTENT_LENGTH", "0")
    return length.isdecimal() and int(length) <= limit and not is_without_key(environ)


async def whole_body(receive: Receive, *, limit: int, seconds: float) -> bytes:
    """The body; of one that is too long, one byte more than the limit at least.

    Raises TimeoutError when it is not here after so many seconds, however busily it drips, and ClientGoneError.
    """
    async with asyncio.timeout(seconds):
        message = await receive()
        if not message.get("more_body") and message["type"] == "http.request":
            return bytes(message["body"])
        pieces, size = [], 0
        while True:
            if message["type"] != "http.request":
                raise ClientGoneError
            pieces.append(message["body"])
            size += len(message["body"])
            if size > limit or not message.get("more_body"):
                return b"".join(pieces)
            message = await receive()


async def drop_body(receive: Receive) -> None:
    """Reads on for a moment and keeps nothing."""
    left = _DROPPED_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DROPPED_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return

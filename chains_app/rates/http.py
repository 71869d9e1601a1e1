"""Asks strangers for JSON: no redirects, no other formats, no endless answers, all of it over by a deadline."""

import asyncio
import re
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from common.api.exact_json import WrongJson, loads_strict

# Coinbase's answer, the longest, has some 640 currencies in 20 kB.
MAX_BYTES = 512 * 1024
# No sign, no exponent, no NaN, no foreign digits, nothing beyond what any price has.
_PRICE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,30})?")


class SourceProblem(Exception):
    """A source cannot be used now. The text says what it did, and no URL, which may hold a key."""


class Line:
    """Requests that share connections and one deadline."""

    def __init__(self, client: httpx.AsyncClient, *, ends_at: float) -> None:
        self._client = client
        self.ends_at = ends_at  # of the event loop's clock

    async def json(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        body: str | None = None,
        ends_at: float | None = None,
    ) -> Any:
        """What the answer says, numbers as Decimal. Raises SourceProblem, also when the time is over."""
        try:
            async with asyncio.timeout_at(min(self.ends_at, ends_at or self.ends_at)):
                text = await self._text(method, url, params=params, body=body)
        except (TimeoutError, httpx.TimeoutException):
            raise SourceProblem("did not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise SourceProblem("could not be reached") from None
        try:
            return loads_strict(text.decode())
        except UnicodeDecodeError:
            raise SourceProblem("answered with something that is no text") from None
        except WrongJson as error:
            raise SourceProblem(f"answered with wrong JSON: {error}") from None

    async def _text(self, method: str, url: str, *, params: Mapping[str, str] | None, body: str | None) -> bytes:
        # Not compressed: a small answer that unpacks to gigabytes is an old trick.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Tallystick"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        async with self._client.stream(method, url, params=params, content=body, headers=headers) as answer:
            _check_head(answer)
            text = bytearray()
            async for chunk in answer.aiter_raw():
                text += chunk
                if len(text) > MAX_BYTES:
                    raise SourceProblem(f"answered with more than {MAX_BYTES // 1024} kB")
            return bytes(text)


def price(value: object) -> Decimal:
    """A price as a source writes it: plain digits, above zero. Raises SourceProblem for anything else."""
    if not isinstance(value, str) or not _PRICE.fullmatch(value) or not (amount := Decimal(value)):
        raise SourceProblem(f"gave {_shown(value)} for a price")
    return amount


def member(value: object, *path: str) -> Any:
    """What stands at a path of names in parsed JSON. Raises SourceProblem when it is not built like that."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            raise SourceProblem(f"left out {name!r}")
        value = value[name]
    return value


def check_address(url: str) -> str:
    """The base URL of a public source. Raises SourceProblem unless it is HTTPS, or on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SourceProblem("has an address that is none") from None
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return url.rstrip("/")
    raise SourceProblem("has an address that is not https://…")


def _check_head(answer: httpx.Response) -> None:
    if 300 <= answer.status_code < 400:
        raise SourceProblem(f"answered with a redirect ({answer.status_code}), which is not followed")
    if answer.status_code != 200:
        raise SourceProblem(f"answered with status {answer.status_code}")
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise SourceProblem(f"answered with {_shown(kind)} instead of JSON")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise SourceProblem("answered compressed, though asked not to")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"

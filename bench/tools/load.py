"""A small load generator: so many connections, each asking again as soon as it is answered. Plain asyncio streams,
because on the same cores as the server every microsecond of the generator counts against the server."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from math import inf, nan
from urllib.parse import urlsplit

Request = Callable[[int], bytes]
# Over all runs of a process: a create whose number came before would be answered as a repetition.
_numbers = count(1)


@dataclass
class Result:
    """How a run went."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    wrong: dict[int, int] = field(default_factory=dict)  # answers by status; 0: a stored answer given again

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share was answered; NaN when nothing was."""
        ordered = sorted(self.times)
        if not ordered:
            return nan
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000

    def __str__(self) -> str:
        wrong = f"  WRONG ANSWERS {self.wrong}" if self.wrong else ""
        return f"{self.rate:7.0f}/s  p50 {self.percentile(0.5):6.1f} ms  p99 {self.percentile(0.99):6.1f} ms{wrong}"


def request(method: str, url: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of an HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", *(f"{n}: {v}" for n, v in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def drive(url: str, make: Request, *, connections: int, seconds: float, rate: float = inf) -> Result:
    """Loads the server; numbers the requests so that each can differ.

    rate: requests a second over all connections, at even distances; without one, as many as are answered. Timed from
    when a request was due, so that one which had to wait for a slow one before it is no faster for that.
    """
    result, parts = Result(), urlsplit(url)
    start = time.perf_counter()
    end = start + seconds
    turns = count()

    async def turn() -> float:
        if rate == inf:
            return time.perf_counter()
        due = start + next(turns) / rate
        await asyncio.sleep(due - time.perf_counter())
        return due

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (began := await turn()) < end:
            writer.write(make(next(_numbers)))
            status = await _read_answer(reader)
            if 200 <= status < 300 or status == 304:
                result.times.append(time.perf_counter() - began)
            else:
                result.wrong[status] = result.wrong.get(status, 0) + 1
        writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    result.seconds = time.perf_counter() - start
    return result


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    if length:
        await reader.readexactly(int(length))
    return 0 if b"\r\nidempotent-replayed:" in head else int(head[9:12])

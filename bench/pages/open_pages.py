"""Thousands of open pages as their server sees them, made with as little work as can be: they share its cores."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import psutil
import psycopg

from bench.tools.load import request

ASKS_EVERY = 2.0  # as `poll_seconds` of the page has it while money is waited for
NEWS_SECONDS = 3.0
_CHANGES = 40
_BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    "Accept": "*/*",
    "Accept-Language": "en-GB,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
}


class AskingPage(asyncio.Protocol):
    """Asks for news when it is told to, as the page's script does every two seconds."""

    transport: asyncio.Transport

    def __init__(self, crowd: "Crowd", token: str, version: str) -> None:
        self.crowd, self.token, self.version = crowd, token, version
        self.question = looks(crowd.url, token, version)
        self.answer = b""
        self.waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by name

    def connection_lost(self, _error: Exception | None) -> None:
        self.crowd.lost += self.crowd.is_open

    def ask(self) -> None:
        """One that still waits for its answer asks the next time."""
        if not self.waits:
            self.waits = True
            self.transport.write(self.question)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, ended, body = self.answer.partition(b"\r\n\r\n")
        if not ended or len(body) < _length(head):
            return
        self.waits, self.answer = False, b""
        if self.crowd.heard(self.token, head):
            self.question = looks(self.crowd.url, self.token, _field(head, b"etag").decode().strip('"'))


class ToldPage(AskingPage):
    """Keeps an answer open, and asks on another connection when something comes by it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        opening = _BROWSER | {"Accept": "text/event-stream", "Last-Event-ID": self.version}
        self.transport.write(request("GET", self.crowd.url, f"/pay/{self.token}/told", opening))

    def ask(self) -> None:
        """It waits."""

    def data_received(self, data: bytes) -> None:
        if b"data:" in data:
            self.crowd.begin(self._look())

    async def _look(self) -> None:
        reader, writer = await asyncio.open_connection(*self.crowd.place)
        writer.write(self.question)
        self.crowd.heard(self.token, await _whole(reader))
        writer.close()


class Crowd:
    """All pages that are open, and how late some of them hear that their payment was changed."""

    def __init__(self, url: str, versions: dict[str, str], kind: type[AskingPage]) -> None:
        """versions: that each page has, by its token."""
        self.url, self.versions, self.kind = url, versions, kind
        parts = urlsplit(url)
        self.place = parts.hostname, parts.port
        self.changed: dict[str, float] = {}  # when, of the pages that have not heard of it yet
        self.late: list[float] = []  # seconds until a page had its news
        self.looks = 0  # that were answered
        self.lost = 0  # connections that the server ended
        self.is_open = False
        self._tasks = set[asyncio.Task[None]]()

    async def stay(self, seconds: float, costs: "Costs") -> None:
        """All come, one after the other; then they stay for so long and a little longer."""
        pages = list[AskingPage]()
        for token, version in self.versions.items():
            _, page = await asyncio.get_running_loop().create_connection(
                lambda token=token, version=version: self.kind(self, token, version),  # type: ignore[misc]
                *self.place,
            )
            pages.append(page)
        self.is_open = True
        await self._ask_in_turn(pages, 2 * ASKS_EVERY)
        costs.begin()
        self.looks = 0
        self.begin(self._change(seconds))
        await self._ask_in_turn(pages, seconds + 2 * NEWS_SECONDS)
        costs.end()
        self.is_open = False
        for page in pages:
            page.transport.close()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Does it beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def heard(self, token: str, head: bytes) -> bool:
        """A page was answered; whether by another version of it."""
        self.looks += 1
        is_news = head[9:12] == b"200"
        if is_news and token in self.changed:
            self.late.append(time.perf_counter() - self.changed.pop(token))
        return is_news

    async def _ask_in_turn(self, pages: Sequence[AskingPage], seconds: float) -> None:
        began, turn = time.perf_counter(), 0
        while (since := time.perf_counter() - began) < seconds:
            due = int(since / ASKS_EVERY * len(pages))
            for number in range(turn, due):
                pages[number % len(pages)].ask()
            turn = due
            await asyncio.sleep(0.005)

    async def _change(self, seconds: float) -> None:
        """A buyer says that it is sent, then another: from then on their pages look otherwise."""
        reader, writer = await asyncio.open_connection(*self.place)
        began, tokens = time.perf_counter(), list(self.versions)
        for number, token in enumerate(tokens[:: max(1, len(tokens) // _CHANGES)][:_CHANGES]):
            await asyncio.sleep(began + number * seconds / _CHANGES - time.perf_counter())
            self.changed[token] = time.perf_counter()
            writer.write(request("POST", self.url, f"/pay/{token}/sent", {"Origin": self.url, "Content-Length": "0"}))
            head = await _whole(reader)
            assert head[9:12] == b"303", head
        writer.close()


class Costs:
    """What the processes that take part spend between two moments."""

    def __init__(self, server: psutil.Process, database: str) -> None:
        """database: its URL; what it costs is told where it runs on this machine."""
        self.of = {"the server": server}
        with psycopg.connect(database) as connection:
            backend = connection.info.backend_pid
            if psutil.pid_exists(backend) and (postgres := psutil.Process(backend).parent()):
                self.of["postgresql"] = postgres
        self._server = server

    def begin(self) -> None:
        self._before, self._began = self._spent(), time.perf_counter()

    def end(self) -> None:
        """`cores` busy by whom, `megabytes` and `files` (connections, nearly all) that the server holds."""
        self.seconds = time.perf_counter() - self._began
        self.cores = {who: (after - self._before[who]) / self.seconds for who, after in self._spent().items()}
        everyone = [self._server, *self._server.children(recursive=True)]
        self.megabytes = sum(each.memory_info().rss for each in everyone) / 2**20
        self.files = sum(each.num_fds() for each in everyone)

    def _spent(self) -> dict[str, float]:
        spent = {who: sum(each.cpu_times()[:4]) + _below(each) for who, each in self.of.items()}
        spent["the generator"] = time.process_time()
        now = psutil.cpu_times()
        # What others took of a machine that is not quiet was no page's to have.
        busy = now.user + now.nice + now.system + now.irq + now.softirq + now.steal
        return spent | {"everybody else": busy - sum(spent.values())}


def _below(process: psutil.Process) -> float:
    """By processes below it that live: of those that ended, it tells itself."""
    return sum(sum(each.cpu_times()[:2]) for each in process.children(recursive=True))


def looks(url: str, token: str, version: str) -> bytes:
    """The request for a page's news, as its script makes it."""
    known = {"If-None-Match": f'"{version}"', "Referer": f"{url}/pay/{token}"}
    return request("GET", url, f"/pay/{token}/status", _BROWSER | known)


async def _whole(reader: asyncio.StreamReader) -> bytes:
    """The head of an answer that was read to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(_length(head))
    return head


def _length(head: bytes) -> int:
    return int(_field(head, b"content-length") or b"0")


def _field(head: bytes, name: bytes) -> bytes:
    return head.lower().partition(b"\r\n" + name + b": ")[2].partition(b"\r\n")[0]

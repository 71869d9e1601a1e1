"""The threads in which Django answers."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from common.measures.counted import WEB_THREADS, WEB_THREADS_BUSY, WEB_WAITING
from common.postgresql.waits import somebody_waits

T = TypeVar("T")


class _Job(NamedTuple):
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"


class Threads:
    """So many threads, one queue. (An executor of the standard library makes two futures and a lock for each call.)"""

    def __init__(self, number: int) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._waiting_to_start = [threading.Thread(target=self._run, daemon=True) for _ in range(number)]

    async def call(self, work: Callable[[], T]) -> T:
        """What the work returns, or raises."""
        if self._waiting_to_start:
            WEB_THREADS.set(len(self._waiting_to_start))
        while self._waiting_to_start:  # with the first call, because a fork inherits no threads
            self._waiting_to_start.pop().start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        WEB_WAITING.inc()
        self._jobs.put(_Job(work, loop, future))
        return await future

    def _run(self) -> None:
        somebody_waits()
        while True:
            job = self._jobs.get()
            WEB_WAITING.dec()
            with WEB_THREADS_BUSY.track_inprogress():
                _do(job)


def _do(job: _Job) -> None:
    result, error = None, None
    try:
        result = job.work()
    except Exception as raised:  # noqa: BLE001  (raised again where it is waited for)
        error = raised
    try:
        job.loop.call_soon_threadsafe(_settle, job.future, result, error)
    except RuntimeError:
        return  # the loop has ended: the process stops, and nobody waits any more


def _settle(future: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)

"""The Python of `make run`: forks of one process that has imported everything once, and shares with them what stays.

What the Procfile has as three is one here, because a demo is to be small: a worker, with beat and the web server in
threads of it. They run the same code. Each fork ends when the process that made it does.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Thread

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from checkout_project.running.errors import CannotRunError
from common.garbage import collect_rarely
from common.measures.listening import own_host

WORKER = [
    "--quiet", "worker", "--pool", "threads", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
    "--without-heartbeat",
]  # fmt: skip
# Each holds a connection of its own to PostgreSQL: enough for one person who looks, and small.
THREADS = {"WEB_THREADS": 4, "WORKER_THREADS": 16}
KILL_SECONDS = 12.0
WEB_LOGS = Path(__file__).resolve().parents[1] / "web/granian_logs.json"


class Fork:
    """One of them."""

    def __init__(self, work: Callable[[], None], *, name: str) -> None:
        """Starts it. Nothing but the main thread may run then."""
        self.name = name
        self._process = multiprocessing.get_context("fork").Process(target=_run, args=[work], name=name)
        self._process.start()

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Its exit code, when it has ended."""
        self._process.join()
        return self._process.exitcode

    def stop(self) -> None:
        """Asks it to end, then kills it. Harmless when it has ended."""
        self._process.terminate()
        self._process.join(KILL_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def import_everything() -> None:
    """What all of them need: Django with its apps, addresses and templates, Celery with its tasks. Starts no thread."""
    import_module("checkout_project.env").INSTEAD.update(THREADS)
    celery = import_module("checkout_project.celery")
    import_module("django").setup()
    celery.app.loader.import_default_modules()
    for name in ("checkout_project.urls", "checkout_project.web.bridge", "celery.bin.worker", "django.core.management"):
        import_module(name)
    collect_rarely()  # which would write to what they share


def manage(*arguments: str) -> Callable[[], None]:
    """What `manage.py …` does."""
    return lambda: import_module("django.core.management").execute_from_command_line(["manage.py", *arguments])


def work() -> None:
    """Worker, beat and web server, until SIGTERM."""
    web = _Web()
    web.start()
    app = import_module("checkout_project.celery").app
    app.steps["worker"].add("checkout_project.jobs.beat_inside:BeatInside")
    app.worker_main(WORKER)
    web.stop()


class _Web(Thread):
    """granian in a thread, with what the Procfile tells it."""

    def __init__(self) -> None:
        super().__init__(name="web", daemon=True)
        self._application = import_module("checkout_project.asgi").application
        self._loop = uvloop.new_event_loop()
        self._server: Server | None = None

    def run(self) -> None:
        """Until `stop`. Without it nothing of the rest is of use."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except BaseException:
            os.kill(os.getpid(), signal.SIGTERM)
            raise

    def stop(self) -> None:
        """Takes no more requests; answers those that came."""
        if self._server is not None:
            self._loop.call_soon_threadsafe(self._server.stop)
        self.join(KILL_SECONDS / 4)

    async def _serve(self) -> None:
        self._server = Server(
            self._application,
            address=own_host(),
            port=int(os.environ["PORT"]),
            interface=Interfaces.ASGINL,  # without a life of its own: the worker, in this process, gives the signs
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=15_000),
            backlog=2048,
            backpressure=4096,
            websockets=False,
            log_level=LogLevels.error,
            log_dictconfig=json.loads(WEB_LOGS.read_text(encoding="utf-8")),
        )
        await self._server.serve()


def _run(work: Callable[[], None]) -> None:
    """In the new process: alone with its signals, and gone when its maker is."""
    os.setsid()  # Ctrl-C reaches the maker alone, which stops things in order
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    Thread(target=_follow, name="maker", daemon=True).start()
    try:
        work()
    except CannotRunError as problem:
        sys.exit(str(problem))


def _follow() -> None:
    maker = multiprocessing.parent_process()
    assert maker
    maker.join()
    os.kill(os.getpid(), signal.SIGTERM)

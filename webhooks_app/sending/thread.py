"""The sender in a thread of its own, so that it can live inside a Celery worker."""

import asyncio
import resource
import threading

import structlog

from webhooks_app.sending.sender import STOP_SECONDS, Sender

# Each message on its way is an open file; the usual limit of 1,024 is near what one sender may hold.
OPEN_FILES = 8192
_RESTART_SECONDS = 1.0

_log = structlog.get_logger()


class SenderThread:
    """Keeps a sender running until it is stopped; one that breaks down is replaced."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self.sender: Sender | None = None
        self._thread = threading.Thread(target=self._keep_sending, name="webhook sender", daemon=True)

    def start(self) -> None:
        """Begins to send."""
        allow_many_open_files()
        self._thread.start()

    def stop(self) -> None:
        """Ends gracefully, within a few seconds."""
        self._stopped.set()
        if self.sender is not None:
            self.sender.stop()
        self._thread.join(4 * STOP_SECONDS)

    def _keep_sending(self) -> None:
        while not self._stopped.is_set():
            self.sender = Sender()
            # In a thread again: an error that nobody foresaw ends that one, with its traceback in the log, not this.
            running = threading.Thread(target=asyncio.run, args=[self.sender.run()], daemon=True)
            running.start()
            running.join()
            if not self._stopped.wait(_RESTART_SECONDS):
                _log.error("webhooks.sender_broke_down")


def allow_many_open_files() -> None:
    """Raises the process's limit as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

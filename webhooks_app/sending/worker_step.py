"""Lets every Celery worker send webhooks: a step of its start, before and independent of its connection to Redis."""

from typing import Any

from celery import bootsteps
from typing_extensions import override

from webhooks_app.sending.thread import SenderThread


class SendWebhooks(bootsteps.StartStopStep):
    """One sender per worker process."""

    requires = ("celery.worker.components:Pool",)

    @override
    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._sender = SenderThread()

    @override
    def start(self, parent: Any) -> None:
        """When the worker starts."""
        self._sender.start()

    @override
    def stop(self, parent: Any) -> None:
        """When it stops: messages on the way arrive, the rest is given back."""
        self._sender.stop()

    terminate = stop

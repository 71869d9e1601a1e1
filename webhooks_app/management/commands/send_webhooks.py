"""`manage.py send_webhooks`: a sender in a process of its own, for those who want it apart from Celery's workers."""

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from common.garbage import collect_rarely
from common.measures.telling import tell_at_port
from webhooks_app.sending.sender import Sender
from webhooks_app.sending.thread import allow_many_open_files


class Command(BaseCommand):
    """Sends until it is told to stop (SIGTERM, Ctrl-C)."""

    help = "Sends webhooks until stopped. Celery workers do so too; any number may run at once."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        allow_many_open_files()
        collect_rarely()
        tell_at_port()
        asyncio.run(_send())


async def _send() -> None:
    sender = Sender()
    loop = asyncio.get_running_loop()
    for kind in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(kind, sender.stop)
    await sender.run()

"""The sender's own connections to the database, async, opened anew when they break."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import structlog
from django.db import connections
from typing_extensions import TypeIs

from webhooks_app.delivery import Connection

T = TypeVar("T")

# A database that hangs is treated like one that went away, soon enough that no event is late by 10 s.
STATEMENT_SECONDS = 8.0
RETRY_SECONDS = 0.5
LOST = (psycopg.OperationalError, psycopg.InterfaceError, OSError, TimeoutError)

_SETTINGS = {
    # A crash of the whole machine may forget the last half second of reports: then a message is sent twice, which
    # every receiver must expect anyway. Waiting for the disk at each batch would cost far more.
    "synchronous_commit": "off",
    # Claims and reports touch few rows of large tables by key. Right after many rows came, statistics say otherwise.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

_log = structlog.get_logger()


class SenderDatabase:
    """One connection for one user at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._connection: Connection | None = None

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Does the work on the connection. Raises one of LOST, after which the next call connects anew."""
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                if not _is_open(self._connection):
                    self._connection = await _connect(self._name)
                return await work(self._connection)
        except LOST:
            await self.close()
            raise

    async def run_until_done(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """The same, as often as it takes. For what must not be dropped."""
        while True:
            try:
                return await self.run(work)
            except LOST as error:
                _log.warning("webhooks.database_lost", user=self._name, reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def close(self) -> None:
        """Closes the connection, if there is one."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _is_open(connection: Connection | None) -> TypeIs[Connection]:
    return connection is not None and not connection.closed and not connection.broken


async def _connect(name: str) -> Connection:
    django = connections["default"]
    given: dict[str, Any] = django.get_connection_params()
    for own in ("cursor_factory", "context", "prepare_threshold", "server_side_binding"):
        given.pop(own, None)
    settings = " ".join(f"-c {key}={value}" for key, value in _SETTINGS.items())
    given["options"] = f"{given.get('options') or ''} {settings}".strip()
    return await psycopg.AsyncConnection.connect(
        **given, autocommit=True, application_name=f"tallystick {name}", connect_timeout=5
    )

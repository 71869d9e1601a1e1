"""The sender's own connections to the database, async, opened anew when they break."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
import structlog
from django.db import connections
from typing_extensions import TypeIs

from common.postgresql.poolers import is_lent_by_transaction
from webhooks_app.queue.delivery import Connection

T = TypeVar("T")

# A database that hangs is treated like one that went away, soon enough that no event is late by 10 s. The server gives
# up before us: a claim that it carried out after we had left would wait for its lease to end.
STATEMENT_SECONDS = 5.0
SERVERS_SECONDS = 4.0
CONNECT_SECONDS = 3
RETRY_SECONDS = 0.5
# Also a database that became a read-only standby, and one whose tables have changed under a prepared statement.
LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
    psycopg.NotSupportedError,
    OSError,
    TimeoutError,
)

_SETTINGS = {
    # A crash of the whole machine may forget the last half second of reports: then a message is sent twice, which
    # every receiver must expect anyway. Waiting for the disk at each batch would cost far more.
    "synchronous_commit": "off",
    # Claims and reports touch few rows of large tables by key. Right after many rows came, statistics say otherwise.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "statement_timeout": f"{SERVERS_SECONDS:g}s",
    # What a sender had claimed whose machine vanished, others are waiting for.
    "idle_in_transaction_session_timeout": f"{SERVERS_SECONDS:g}s",
}

_NAMES_AND_VALUES = [text for setting in _SETTINGS.items() for text in setting]

_log = structlog.get_logger()


class SenderDatabase:
    """One connection for one user at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._connection: Connection | None = None

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Does the work on the connection. Raises one of LOST, after which the next call connects anew."""
        if not _is_open(self._connection):
            self._connection = await _connect(self._name)
        is_lent = is_lent_by_transaction()
        doing = asyncio.ensure_future(_set_for(self._connection, work) if is_lent else work(self._connection))
        try:
            if not (await asyncio.wait({doing}, timeout=STATEMENT_SECONDS))[0]:
                raise TimeoutError(f"no answer within {STATEMENT_SECONDS:g} s")
            return doing.result()
        except (*LOST, asyncio.CancelledError):
            await self._give_up(doing)
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

    async def _give_up(self, doing: asyncio.Future[Any]) -> None:
        """Cuts the line: cancelling would ask a server that may have vanished, and wait for its answer."""
        if self._connection is not None and not doing.done():
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self._connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
            await asyncio.wait({doing}, timeout=RETRY_SECONDS)
        if doing.done() and not doing.cancelled():
            doing.exception()  # that of the cut line is nobody's concern
        await self.close()


def _is_open(connection: Connection | None) -> TypeIs[Connection]:
    return connection is not None and not connection.closed and not connection.broken


async def _set_for(connection: Connection, work: Callable[[Connection], Awaitable[T]]) -> T:
    """The work with our settings, which end with its transaction."""
    async with connection.transaction():
        await connection.execute(
            f"SELECT {', '.join(['set_config(%s, %s, true)'] * len(_SETTINGS))}", _NAMES_AND_VALUES
        )
        return await work(connection)


async def _connect(name: str) -> Connection:
    django = connections["default"]
    given: dict[str, Any] = django.get_connection_params()
    for own in ("cursor_factory", "context"):  # how Django's connections write and read values
        del given[own]
    if not is_lent_by_transaction():
        settings = " ".join(f"-c {key}={value}" for key, value in _SETTINGS.items())
        given["options"] = f"{given.get('options') or ''} {settings}".strip()
    given["connect_timeout"] = CONNECT_SECONDS  # for each host, when there are several
    return await psycopg.AsyncConnection.connect(**given, autocommit=True, application_name=f"tallystick {name}")

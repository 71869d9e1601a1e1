"""Django's cache, in a Redis that may be away or hang: nobody waits for it for long, and not one after the other.

`cache` raises redis' errors then. What is claimed, counted or good only once belongs there: whoever could not ask must
not go on as if nobody else had. `caches["hints"]` holds what is nice to know: while Redis is away it knows nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis import Connection, ConnectionError, ConnectionPool, ReadOnlyError, Redis, RedisError, TimeoutError
from redis.connection import parse_url
from redis.exceptions import ClusterDownError, NoPermissionError, OutOfMemoryError, ResponseError
from typing_extensions import override

from common.network.pause import Pause

_PATIENCE = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}
PAUSE_SECONDS = 2.0
_SAID_EVERY_SECONDS = 60.0
_log = structlog.get_logger()


class LeftAlone(RedisError):
    """Nobody asked it."""


# It cannot be reached, or says that it cannot. Whatever else redis raises is our fault.
_AWAY = (
    ConnectionError, TimeoutError, LeftAlone, ReadOnlyError, OutOfMemoryError, NoPermissionError, ClusterDownError,
)  # fmt: skip
# It says so in words for which redis-py has no class: it could not save to its disk, too few replicas follow it, it
# became a replica while somebody waited. A pipeline puts its own words before them.
_SAYS_NO = re.compile(r"(?:^|caused error: )(?:MISCONF|NOREPLICAS|UNBLOCKED) ")


def is_away(error: BaseException | None) -> bool:
    """Whether Redis is, be it that it refuses. Kombu's errors have its as their cause."""
    if error is None:
        return False
    says_no = isinstance(error, ResponseError) and _SAYS_NO.search(str(error)) is not None
    return says_no or isinstance(error, _AWAY) or is_away(error.__cause__)


class ImpatientPool(ConnectionPool):
    """Leaves a Redis that could not be reached alone for a while, in all threads of the process."""

    @override
    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Connection:
        """Raises RedisError."""
        pause = _pause_of(*_place(self.connection_kwargs))
        if pause.is_on:
            raise LeftAlone("Redis was away a moment ago.")
        try:
            return super().get_connection()
        except RedisError as error:
            pause.begin()
            _log.warning("cache.redis_away", reason=str(error))
            raise


class Hints(RedisCache):
    """What is only nice to know. To claim and to count is none of its business, and raises."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.pause, self.said = _pause_of(*_place(parse_url(server))), Pause(_SAID_EVERY_SECONDS)  # type: ignore[no-untyped-call]

    @override
    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The default, too, while Redis is away."""
        with self._without_redis():
            return super().get(key, default, version)
        return default

    @override
    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Nothing while Redis is away."""
        with self._without_redis():
            return super().get_many(keys, version)
        return {}

    @override
    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Does nothing while Redis is away."""
        with self._without_redis():
            super().set(key, value, timeout, version)

    @contextmanager
    def _without_redis(self) -> Iterator[None]:
        """Goes on; also where one that was reached says nothing more, or that it cannot (full, loading, read-only)."""
        try:
            yield
        except RedisError as error:
            if isinstance(error, ConnectionError | TimeoutError):
                self.pause.begin()
            if not self.said.is_on:
                self.said.begin()
                _log.warning("cache.no_hints", reason=str(error))


def redis_caches(url: str) -> dict[str, dict[str, Any]]:
    """Django's CACHES."""
    options = {"pool_class": ImpatientPool, **_PATIENCE}
    return {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url, "OPTIONS": options},
        "hints": {"BACKEND": f"{__name__}.Hints", "LOCATION": url, "OPTIONS": options},
    }


@lru_cache(maxsize=4)
def impatient_client(url: str) -> Redis:
    """For what Django's cache has no words for. Raises redis' errors, as `cache` does."""
    return Redis(connection_pool=ImpatientPool.from_url(url, **_PATIENCE))


def _place(of: Mapping[str, Any]) -> Iterator[str]:
    return (str(of.get(name)) for name in ("host", "port", "path"))


@lru_cache
def _pause_of(*_place: str) -> Pause:
    return Pause(PAUSE_SECONDS)

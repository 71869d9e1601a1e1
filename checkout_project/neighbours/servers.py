"""PostgreSQL and Redis, where the end of a certificate would keep us from them: where their drivers check it.

Over TLS that checks nothing (`sslmode=require` without authorities, `ssl_cert_reqs=none`) one that ended is as
good as any.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from common.network.certificates import Tls, Trust
from common.replica import REPLICA

DATABASE, COPY, REDIS = "DATABASE_URL", "DATABASE_REPLICA_URL", "REDIS_URL"
NAMES = frozenset({DATABASE, COPY, REDIS})
# What libpq takes where `sslrootcert` names nothing.
LIBPQS_OWN = Path("~/.postgresql/root.crt")
_SYSTEMS = "system"
_NO = {"", "0", "f", "false", "n", "no"}  # to redis-py


def servers() -> Iterator[tuple[str, str, int, Tls, Trust]]:
    """The setting that leads there, host, port, and how to look."""
    for name, alias in ((DATABASE, "default"), (COPY, REPLICA)):
        database: Mapping[str, Any] = settings.DATABASES.get(alias, {})
        if trust := _of_postgresql(database.get("OPTIONS", {})):
            hosts, ports = (str(database.get(key) or "").split(",") for key in ("HOST", "PORT"))
            for place, host in enumerate(hosts):
                port = ports[min(place, len(ports) - 1)]
                if not host.startswith("/"):  # a socket of this machine
                    yield name, host, int(port or 5432), Tls.POSTGRESQL, trust
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme == "rediss" and (trust := _of_redis(dict(parse_qsl(redis.query)))):
        yield REDIS, redis.hostname or "", redis.port or 6379, Tls.AT_ONCE, trust


def _of_postgresql(options: Mapping[str, Any]) -> Trust | None:
    """By libpq's rules."""
    authorities = options.get("sslrootcert") or str(LIBPQS_OWN.expanduser())
    mode = options.get("sslmode") or ("verify-full" if authorities == _SYSTEMS else "prefer")
    checks_all_the_same = mode == "require" and Path(authorities).exists()
    if mode not in {"verify-ca", "verify-full"} and not checks_all_the_same:
        return None
    return Trust(authorities="" if authorities == _SYSTEMS else authorities, checks_name=mode == "verify-full")


def _of_redis(options: Mapping[str, str]) -> Trust | None:
    """By redis-py's."""
    if options.get("ssl_cert_reqs", "required") == "none":
        return None
    return Trust(
        authorities=options.get("ssl_ca_certs") or options.get("ssl_ca_path", ""),
        checks_name=options.get("ssl_check_hostname", "true").lower() not in _NO,
    )

"""Certificates of PostgreSQL and Redis are seen as their drivers see them: by whose word and name, and until when."""

import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from socket import SHUT_RDWR, create_connection, socket
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from django.test import Client
from redis import Redis, RedisError

from checkout_project import env
from checkout_project.doctor import outside
from checkout_project.doctor.findings import Verdict
from checkout_project.neighbours import places as places_module
from checkout_project.neighbours import servers, told
from checkout_project.neighbours.looking import look_at
from checkout_project.neighbours.places import Place, places
from common.network.certificates import Tls, Trust
from common.postgresql.poolers import SESSION
from tests.certificates import make_certificate
from tests.operators import Operator
from tests.pooler import pooler

pytestmark = pytest.mark.usefixtures("looks_each_time")
# Whose name it is, for how many days, and what becomes of it where the name counts.
SHOWN = [
    ("127.0.0.1", 6, True),
    ("127.0.0.1", -1, False),
    ("db.example", 6, False),
]


@pytest.fixture
def loopback_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were another machine."""
    monkeypatch.setattr(places_module, "is_this_machine", lambda _host: False)


def led_to(settings: Any, *names: str) -> list[Place]:
    """Of what the settings name, the servers alone."""
    for name in ("FACILITATOR_URL", "COINBASE_URL", "KRAKEN_URL", "EMAIL_HOST"):
        setattr(settings, name, "")
    settings.SECURE = False
    return [each for each in places() if {*names} & {*each.names}]


def postgresql(settings: Any, monkeypatch: pytest.MonkeyPatch, url: str) -> list[Place]:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setitem(settings.DATABASES, "default", env.database("DATABASE_URL"))
    return led_to(settings, "DATABASE_URL")


@pytest.mark.parametrize(("name", "days", "is_believed"), SHOWN)
def test_postgresqls_is_seen_as_its_driver_sees_it(
    db: None, loopback_counts: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch,
    name: str, days: int, is_believed: bool,
) -> None:  # fmt: skip
    tls = make_certificate(tmp_path, name, days=days)
    own = connection.settings_dict["NAME"]
    with pooler(SESSION, tls=tls) as port:
        url = f"postgresql://anybody@127.0.0.1:{port}/{own}?sslmode=verify-full&sslrootcert={tls[0]}"
        [place] = postgresql(settings, monkeypatch, url)
        [found] = look_at([place], known={})
        [finding] = list(outside.certificates_last())
        assert opens(url) == is_believed
        assert opens(url.replace("verify-full", "verify-ca")) == (days > 0)
        [ca] = look_at(postgresql(settings, monkeypatch, url.replace("verify-full", "verify-ca")), known={})
    assert (place.label, place.tls) == (f"127.0.0.1:{port}", Tls.POSTGRESQL)
    assert bool(found.problem) != is_believed
    assert bool(ca.problem) != (days > 0)
    assert finding.verdict == (Verdict.LOOK if is_believed else Verdict.WRONG)
    assert "SELECT pg_reload_conf()" in finding.cure
    if is_believed:
        assert found.left
        assert 6 <= timedelta(seconds=found.left) / timedelta(days=1) < 6.1


def opens(url: str) -> bool:
    """Whether the driver lets itself in."""
    try:
        with psycopg.connect(url) as line:
            return line.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


class _ToRedis(socketserver.BaseRequestHandler):
    """Valkey speaks no TLS as it comes with us."""

    context: ssl.SSLContext
    behind: tuple[str, int]

    def handle(self) -> None:
        with suppress(OSError), create_connection(self.behind) as redis:
            caller = self.context.wrap_socket(self.request, server_side=True)
            Thread(target=_pass_on, args=[redis, caller], daemon=True).start()
            _pass_on(caller, redis)


def _pass_on(source: socket, target: socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(SHUT_RDWR)


@contextmanager
def redis_over_tls(url: str, tls: tuple[Path, Path]) -> Iterator[str]:
    """The URL of a server before that one."""
    context, parts = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), urlsplit(url)
    context.load_cert_chain(*tls)
    handler = type("Handler", (_ToRedis,), {"context": context, "behind": (parts.hostname, parts.port)})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        place = f"{parts.netloc.rpartition(':')[0]}:{server.server_address[1]}"
        yield parts._replace(scheme="rediss", netloc=place, query=f"ssl_ca_certs={tls[0]}").geturl()
        server.shutdown()


@pytest.mark.parametrize(("name", "days", "is_believed"), SHOWN)
def test_redis_is_seen_as_its_driver_sees_it(
    loopback_counts: None, tmp_path: Path, settings: Any, name: str, days: int, is_believed: bool
) -> None:
    tls = make_certificate(tmp_path, name, days=days)
    with redis_over_tls(settings.REDIS_URL, tls) as url:
        for given, opened in ((url, is_believed), (f"{url}&ssl_check_hostname=false", days > 0)):
            settings.REDIS_URL = given
            [place] = led_to(settings, "REDIS_URL")
            [found] = look_at([place], known={})
            [finding] = list(outside.certificates_last())
            assert pings(given) == opened
            assert bool(found.problem) != opened
            assert finding.verdict == (Verdict.LOOK if opened else Verdict.WRONG)
            assert "CONFIG SET tls-cert-file" in finding.cure


def pings(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except RedisError:
        return False


def test_their_end_is_told_before_it_comes(client: Client, operator: Operator, tmp_path: Path, settings: Any) -> None:
    tls = make_certificate(tmp_path, "127.0.0.1", days=6)
    with redis_over_tls(settings.REDIS_URL, tls) as url:
        place = Place(
            host="127.0.0.1", port=urlsplit(url).port or 0, tls=Tls.AT_ONCE, names=("REDIS_URL",),
            trust=Trust(authorities=str(tls[0])),
        )  # fmt: skip
        told.keep(look_at([place], known={}))
    assert [each.place for each in told.neighbours() or ()] == [place]
    assert client.get("/readyz").json()["certificates"] == "REDIS_URL: ends in 6 days"
    left = client.get("/metrics").content.decode().partition(f'seconds_left{{host="{place.label}"}} ')[2].split()[0]
    assert 6 <= float(left) / 86_400 < 6.1
    page = operator.read("")
    assert f"The certificate of {place.label} ends in 6 days" in page
    assert "Nothing can be asked there (REDIS_URL) from then on. Renew it there and let that server read it" in page


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("", {}),
        ("?sslmode=require", {}),
        ("?sslmode=require&sslrootcert=FILE", {"db.example:6000": Trust(authorities="FILE", checks_name=False)}),
        ("?sslmode=require&sslrootcert=/nowhere", {}),
        ("?sslmode=verify-ca&sslrootcert=FILE", {"db.example:6000": Trust(authorities="FILE", checks_name=False)}),
        ("?sslmode=verify-full", {"db.example:6000": Trust(authorities="LIBPQS")}),
        ("?sslrootcert=system", {"db.example:6000": Trust()}),
        ("?sslmode=verify-full&sslrootcert=system&host=a.example,/run,b.example",
         {"a.example:6000": Trust(), "b.example:6000": Trust()}),
    ],
)  # fmt: skip
def test_postgresqls_counts_where_libpq_checks_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, query: str, seen: dict[str, Trust]
) -> None:
    file, own = tmp_path / "ca.pem", tmp_path / "root.crt"
    file.touch()
    monkeypatch.setattr(servers, "LIBPQS_OWN", own)
    found = postgresql(settings, monkeypatch, f"postgresql://u@db.example:6000/shop{query}".replace("FILE", str(file)))
    told_apart = {str(file): "FILE", str(own): "LIBPQS"}
    assert {
        each.label: Trust(
            authorities=told_apart.get(each.trust.authorities, each.trust.authorities),
            checks_name=each.trust.checks_name,
        )
        for each in found
    } == seen


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("redis://r.example", []),
        ("unix:///run/redis.sock", []),
        ("rediss://r.example?ssl_cert_reqs=none", []),
        ("rediss://r.example", [("r.example:6379", Trust())]),
        ("rediss://:p@r.example:7000/1?ssl_ca_path=/etc/ca", [("r.example:7000", Trust(authorities="/etc/ca"))]),
        ("rediss://r.example?ssl_check_hostname=no", [("r.example:6379", Trust(checks_name=False))]),
    ],
)
def test_redis_counts_where_its_driver_checks_it(settings: Any, url: str, seen: list[tuple[str, Trust]]) -> None:
    settings.REDIS_URL = url
    assert [(each.label, each.trust) for each in led_to(settings, "REDIS_URL")] == seen


def test_authorities_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    place = Place(
        host="db.example", port=5432, tls=Tls.POSTGRESQL, names=("DATABASE_URL",),
        trust=Trust(authorities=str(tmp_path / "none.pem")),
    )  # fmt: skip
    assert place.certificate(seconds=1).problem == f"{tmp_path}/none.pem cannot be read: No such file or directory."

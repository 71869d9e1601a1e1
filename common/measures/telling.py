"""Prometheus' text: what this process counted, or all of one machine where `PROMETHEUS_MULTIPROC_DIR` names a folder.

Web processes tell it at `/metrics`, with what the database knows; a worker, beat and a sender at `METRICS_PORT`.
"""

import hmac
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from socket import AF_INET6
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from typing_extensions import override

from common.measures.counted import REGISTRY
from common.measures.listening import family_of, own_host

TOKEN_WANTED = "Send the METRICS_TOKEN as a bearer token.\n"  # noqa: S105  (a sentence)
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_log = structlog.get_logger()


def counted() -> bytes:
    """What was counted while it happened."""
    if not os.environ.get(_FOLDER):
        return bytes(generate_latest(_PROCESS) + generate_latest(REGISTRY))
    _forget_the_dead(Path(os.environ[_FOLDER]))
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return bytes(generate_latest(together))


def _forget_the_dead(folder: Path) -> None:
    """What a process has at work ends with it; what it counted stays."""
    pids = {int(each.stem.rpartition("_")[2]) for each in folder.glob("gauge_live*_*.db")}
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
        except PermissionError:
            continue  # somebody else's: alive


def may_read(authorization: str) -> bool:
    """Whether the header has the METRICS_TOKEN, where one is set."""
    token, given = settings.METRICS_TOKEN, authorization.removeprefix("Bearer ")
    return not token or hmac.compare_digest(given.encode(), token.encode())


def tell_at_port() -> None:
    """In a thread, where `METRICS_PORT` is set, at the address where web processes listen.

    A port that is taken stops nothing: numbers are not worth a payment.
    """
    if not settings.METRICS_PORT:
        return
    try:
        host = own_host()
        of_its_family = _ServerByIPv6 if family_of(host) == AF_INET6 else _Server
        server = make_server(host, settings.METRICS_PORT, _answer, server_class=of_its_family, handler_class=_Quiet)
    except OSError as error:
        _log.error("metrics.port_not_to_be_had", port=settings.METRICS_PORT, reason=str(error))
        return
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def _answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if not may_read(environ.get("HTTP_AUTHORIZATION", "")):
        start_response("401 Unauthorized", [("Content-Type", "text/plain")])
        return [TOKEN_WANTED.encode()]
    start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [counted()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _ServerByIPv6(_Server):
    address_family = AF_INET6


class _Quiet(WSGIRequestHandler):
    timeout = 10  # seconds; whoever says nothing holds no thread

    @override
    def log_message(self, *_line: Any) -> None:
        """No line for each scrape."""


_PROCESS = CollectorRegistry()
ProcessCollector(registry=_PROCESS)

"""While the application is started again, what stands in front writes down nobody's page, and lets nobody notice."""

import os
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from bench.running.proxies import KINDS, NAME, certificate
from checkout_project.running import children

PAGE = "cs_whoever_knows_this_sees_the_page"


class _BreaksOff(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"as far as it came")

    def log_message(self, *_line: object) -> None:
        """Nothing."""


@pytest.fixture
def breaks_off() -> Iterator[int]:
    """The port of an application that ends in the middle of its answers."""
    with HTTPServer(("127.0.0.1", 0), _BreaksOff) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("kind", KINDS)
def test_the_address_of_a_page_is_in_no_log(kind: str, breaks_off: int) -> None:
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed (Debian: apt-get install nginx caddy)")
    for port in (children.free_port(), breaks_off):  # nobody answers there; somebody does, by halves
        with certificate() as made:
            asked_through(kind, made, port)
            files = [path for path in made.parent.rglob("*") if path.is_file()]
            assert not [path.name for path in files if PAGE.encode() in path.read_bytes()]


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_line: object) -> None:
        """Nothing."""


@contextmanager
def web_process(port: int) -> Iterator[None]:
    """One that answers, until the end of the block."""
    with HTTPServer(("127.0.0.1", port), _Answers) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield
        server.shutdown()


@contextmanager
def in_front(kind: str, **ports: int) -> Iterator[Callable[[str], int]]:
    """The status of a request by that proxy."""
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed (Debian: apt-get install nginx caddy)")
    with certificate() as made, running(kind, made, **ports) as url:
        trust = ssl.create_default_context(cafile=str(made))
        with httpx.Client(verify=trust, trust_env=False, timeout=30, headers={"Host": NAME}) as client:
            more: dict[str, Any] = {"content": b"{}", "extensions": {"sni_hostname": NAME}}
            yield lambda method: client.request(method, f"{url}/api/v1/checkout", **more).status_code


def test_behind_nginx_nobody_notices_that_one_process_is_started_again_after_the_other() -> None:
    first, second = children.free_port(), children.free_port()
    with in_front("nginx", port=first, other=second) as ask:
        for goes_on in (first, second, first):
            with web_process(goes_on):
                assert {ask(method) for method in ("GET", "POST") * 5} == {200}


def test_behind_caddy_requests_wait_while_the_one_process_is_started_again() -> None:
    port = children.free_port()
    with in_front("caddy", port=port) as ask, ThreadPoolExecutor(2) as callers:
        asked = [callers.submit(ask, method) for method in ("GET", "POST")]
        time.sleep(1)  # it retries meanwhile
        assert not any(each.done() for each in asked)
        with web_process(port):
            assert [each.result() for each in asked] == [200, 200]


def asked_through(kind: str, certificate: Path, port: int) -> None:
    """Asks for a page twice; what the proxy writes lies beside the certificate then."""
    trust = ssl.create_default_context(cafile=str(certificate))
    with (
        running(kind, certificate, port=port, is_patient=False) as url,
        httpx.Client(verify=trust, trust_env=False, timeout=30) as client,
    ):
        for _ in range(2):
            name = {"sni_hostname": NAME}
            with suppress(httpx.RemoteProtocolError):  # half an answer
                assert client.get(f"{url}/pay/{PAGE}", headers={"Host": NAME}, extensions=name).status_code == 502


@contextmanager
def running(kind: str, certificate: Path, *, is_patient: bool = True, **ports: int) -> Iterator[str]:
    """Where the proxy is; what it writes lies beside the certificate. is_patient: as long as our file says."""
    folder, tls = certificate.parent, children.free_port()
    command = KINDS[kind](folder, tls=tls, plain=children.free_port(), **ports)
    if kind == "caddy" and not is_patient:
        file = folder / "Caddyfile"
        file.write_text(file.read_text(encoding="utf-8").replace("duration 30s", "duration 1s"), encoding="utf-8")
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        proxy = children.start(command, env=os.environ | home, output=log)
    try:
        _wait_for(tls)
        yield f"https://127.0.0.1:{tls}"
    finally:
        children.stop(proxy)


def _wait_for(port: int) -> None:
    for _ in range(100):
        if not children.is_free(port):
            return
        time.sleep(0.1)
    raise TimeoutError

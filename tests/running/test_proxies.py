"""What stands in front writes down nobody's page, also while the application restarts and cannot be reached."""

import os
import shutil
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

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


def asked_through(kind: str, certificate: Path, port: int) -> None:
    """Asks for a page twice; what the proxy writes lies beside the certificate then."""
    folder, tls = certificate.parent, children.free_port()
    command = KINDS[kind](folder, tls=tls, plain=children.free_port(), port=port)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        proxy = children.start(command, env=os.environ | home, output=log)
    try:
        _wait_for(tls)
        trust = ssl.create_default_context(cafile=str(certificate))
        with httpx.Client(verify=trust, trust_env=False, timeout=30) as client:
            for _ in range(2):
                url, name = f"https://127.0.0.1:{tls}/pay/{PAGE}", {"sni_hostname": NAME}
                with suppress(httpx.RemoteProtocolError):  # half an answer
                    assert client.get(url, headers={"Host": NAME}, extensions=name).status_code == 502
    finally:
        children.stop(proxy)


def _wait_for(port: int) -> None:
    for _ in range(100):
        if not children.is_free(port):
            return
        time.sleep(0.1)
    raise TimeoutError

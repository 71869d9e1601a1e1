"""Whether the examples in deploy/proxies do what their comments say: nginx and Caddy, each before a real web process.

    python -m bench proxies [nginx caddy]

With a certificate made for it, on loopback ports; needs the programs (Debian: apt-get install nginx caddy). Caddy
before 2.7 has other words for buffering, which are put in for it. Exits with 1 when a promise is broken.
"""

import argparse
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.api.half_open import BODY_SECONDS, start_web
from bench.tools.figures import figure, least
from bench.tools.servers import ROOT, TERMS, Servers
from checkout_project.running import children

NAME = "pay.example.com"
PROXIES = ROOT / "deploy" / "proxies"
LIAR = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}

_KEY = """
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "checkout_project.settings"
import django; django.setup()
from merchants_app.keys.api_keys import create_key
from merchants_app.models import KeyScope, Merchant
print(create_key(merchant=Merchant.objects.get(name="Bench"), mode="test", name="proxies", scopes=list(KeyScope))[1])
"""


class Front:
    """One proxy that runs."""

    def __init__(self, *, tls: int, plain: int, behind: str, certificate: Path, servers: Servers) -> None:
        self.behind, self.tls, self.plain, self.servers = behind, tls, plain, servers
        self.trust = ssl.create_default_context(cafile=str(certificate))
        self.key = {"Authorization": f"Bearer {servers.run('-c', _KEY).split()[-1]}"}

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """By https, with the name in TLS and in `Host`."""
        headers = {"Host": NAME, **more.pop("headers", {})}
        with httpx.Client(verify=self.trust, trust_env=False, timeout=60) as client:
            extensions = {"sni_hostname": NAME}
            url = f"https://127.0.0.1:{self.tls}{path}"
            return client.request(method, url, headers=headers, extensions=extensions, **more)

    def ask_slowly(self, body: bytes, seconds: float) -> int:
        """The status, for a call whose body takes so long."""
        head = f"POST /api/v1/checkout HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {len(body)}\r\n"
        head += f"Authorization: {self.key['Authorization']}\r\nContent-Type: application/json\r\n\r\n"
        with (
            socket.create_connection(("127.0.0.1", self.tls)) as plain,
            self.trust.wrap_socket(plain, server_hostname=NAME) as line,
        ):
            line.sendall(head.encode() + body[:-2])
            for piece in (body[-2:-1], body[-1:]):
                time.sleep(seconds / 2)
                line.sendall(piece)
            return int(line.recv(64).split()[1])


def checks(front: Front) -> Iterator[tuple[str, bool]]:
    """What is promised, and whether it is so."""
    body = json.dumps(TERMS | {"email": "pat@example.com", "metadata": {"orderId": "1"}}).encode()
    json_type = front.key | {"Content-Type": "application/json"}
    made = front.ask("POST", "/api/v1/checkout", headers=json_type, content=body)
    if made.status_code != 200:
        print(made.status_code, made.text[:500], flush=True)
    yield "TLS ends here, Host and scheme are passed on", made.status_code == 200
    hook = json.dumps({"url": "http://127.0.0.1:9/proxied"}).encode()
    hooked = front.ask("POST", "/api/v1/webhook-endpoints", headers=json_type | LIAR, content=hook)
    yield "who calls cannot be made up", (hooked.status_code, _last_address(front.servers)) == (201, "127.0.0.1")
    other = front.ask("GET", "/dashboard", headers={"Host": "evil.example"})
    yield "another Host is not ours", other.status_code in {400, 404, 421} or not other.content
    long = front.ask("POST", "/api/v1/checkout", headers=json_type, content=b" " * 70_000)
    yield (
        "64 KB, in the API's own words",
        (long.status_code, long.json()["errors"][0]["code"]) == (413, "body_too_large"),
    )
    huge = front.ask("POST", "/api/v1/checkout", headers=json_type, content=b" " * 3_000_000)
    # 502 where the application had ended the call before the proxy had passed the body on.
    yield "3 MB are refused", huge.status_code in {413, 502}
    yield "a slow body is held back until it is whole", front.ask_slowly(body, BODY_SECONDS + 3) == 200
    is_there = httpx.get(f"{front.behind}/metrics", trust_env=False, timeout=30).status_code == 200
    yield "/metrics is not public", is_there and front.ask("GET", "/metrics").status_code == 404
    plain = httpx.get(f"http://127.0.0.1:{front.plain}/pay/x", headers={"Host": NAME}, trust_env=False)
    led = plain.headers.get("Location", "").startswith(f"https://{NAME}")
    yield "http is led to https, method and all", plain.status_code == 308 and led


def _last_address(servers: Servers) -> str:
    with psycopg.connect(servers.environment["DATABASE_URL"]) as connection:
        row = connection.execute("select address from merchants_app_auditentry order by id desc limit 1").fetchone()
    return str(row[0]).partition("/")[0] if row else "nobody"


@contextmanager
def certificate() -> Iterator[Path]:
    """For the name, signed by itself; its key lies beside it."""
    with tempfile.TemporaryDirectory(prefix="tallystick-proxy-") as folder:
        made, key = Path(folder, "fullchain.pem"), Path(folder, "privkey.pem")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-days", "1", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        subprocess.run([*command, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
        yield made


def nginx(folder: Path, *, tls: int, plain: int, port: int, other: int | None = None) -> list[str]:
    """Its command, on our file with the ports and paths of here. other: of a second web process."""
    text = (PROXIES / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"\n *listen \[::\].*", "", text).replace("listen 80;", f"listen 127.0.0.1:{plain};")
    text = text.replace("listen 443", f"listen 127.0.0.1:{tls}").replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    text = text.replace("127.0.0.1:8001", f"127.0.0.1:{other or port}")
    text = text.replace("/etc/ssl/tallystick", str(folder)).replace("/var/log/nginx", str(folder))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    whole = f"daemon off; pid {folder}/pid; error_log stderr warn;\nevents {{}}\nhttp {{ {places}\n{text}\n}}\n"
    (folder / "nginx.conf").write_text(f"user root;\n{whole}" if os.geteuid() == 0 else whole, encoding="utf-8")
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, *, tls: int, plain: int, port: int) -> list[str]:
    """The same, before one web process."""
    text = (PROXIES / "Caddyfile").read_text(encoding="utf-8")
    ports = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {tls}\n"
    text = text.replace("{\n", ports, 1).replace("{$UPSTREAM}", f"127.0.0.1:{port}")
    text = text.replace("{$DOMAIN} {", f"{NAME} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem\n")
    version = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < (2, 7):
        text = text.replace("request_buffers 64KiB", "buffer_requests\n\t\tmax_buffer_size 64KiB")
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


KINDS: dict[str, Callable[..., list[str]]] = {"nginx": nginx, "caddy": caddy}


def main() -> int:
    """1 when something is not as promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proxies", nargs="*", default=list(KINDS), help="those alone")
    good = True
    with Servers() as servers, certificate() as made:
        servers.environment |= {"PUBLIC_URL": f"https://{NAME}", "ALLOWED_HOSTS": NAME, "TRUSTED_PROXIES": "1"}
        port = children.free_port()
        behind = start_web(servers, port)
        for name in parser.parse_args().proxies:
            if name not in KINDS or shutil.which(name) is None:
                print(f"{name}: NOT RUN, it is not installed", flush=True)
                continue
            tls, plain = children.free_port(), children.free_port()
            command = KINDS[name](made.parent, tls=tls, plain=plain, port=port)
            home = {"HOME": str(made.parent), "XDG_DATA_HOME": str(made.parent), "XDG_CONFIG_HOME": str(made.parent)}
            with (made.parent / f"{name}.log").open("wb") as log:
                proxy = children.start(command, env=os.environ | home, output=log)
            try:
                _wait_for(tls, proxy)
                front = Front(tls=tls, plain=plain, behind=behind, certificate=made, servers=servers)
                kept = []
                for promise, is_kept in checks(front):
                    print(f"{name}: {promise}: {'yes' if is_kept else 'NO'}", flush=True)
                    kept.append(is_kept)
                good &= figure(f"{name}: promises kept", sum(kept), f"of {len(kept)}", goal=least(len(kept)))
            except OSError as problem:
                print(f"{name}: {problem}\n{(made.parent / f'{name}.log').read_text(errors='replace')[-2000:]}")
                good = False
            finally:
                children.stop(proxy)
    return 0 if good else 1


def _wait_for(port: int, proxy: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if proxy.poll() is not None:
            raise OSError("It ended.")
        if not children.is_free(port):
            return
        time.sleep(0.1)
    raise OSError("It does not listen.")


if __name__ == "__main__":
    sys.exit(main())

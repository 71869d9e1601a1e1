"""The web server as it is run, and the floor beside it, on a database of their own."""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg

from checkout_project.processes import commands
from checkout_project.running import children

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "checkout_project.asgi:application"
TERMS = {
    "amount": 49, "currency": "USD", "successUrl": "https://shop.example/thanks",
    "cancelUrl": "https://shop.example/cart", "name": "Pat Payer", "productId": "box-1",
    "productName": "Winter box, 1 kg", "productDescription": "Three single origins", "allowedAssets": [],
}  # fmt: skip


class Servers:
    """The floor and the API, each as two processes, on a database made for this run."""

    def __init__(self, *, root: Path = ROOT, database: str = "") -> None:
        """root: whose code runs. database: one that is there already, for who starts more servers on it."""
        self.root = root
        self.database = database or f"bench_{os.getpid()}"
        self.server = os.environ["DATABASE_URL"]
        self.environment = os.environ | {
            "DATABASE_URL": urlsplit(self.server)._replace(path=f"/{self.database}").geturl(),
            "PYTHONPATH": f"{root}:{ROOT}",
            "RATE_LIMIT_PER_KEY": str(10**9),
            "RATE_LIMIT_PER_ADDRESS": str(10**9),
            "DEBUG": "0",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Servers":
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"create database {self.database}")
        self.run("manage.py", "migrate", "--verbosity=0")
        made = self.run("-c", _PREPARE)
        self.key = made.strip().splitlines()[-1]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"drop database {self.database} with (force)")

    def run(self, *arguments: str) -> str:
        """A Python command in the servers' environment."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=self.root,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_ours(self, application: str = PRODUCT) -> str:
        """As the Procfile does. Returns the address."""
        words = commands()["web"].split()
        limits = [word for name in ("--backlog", "--backpressure") for word in (name, words[words.index(name) + 1])]
        options = ["--interface", "asgi", "--http", "1", *limits, application]
        return self.start(options, "checkout_project.settings")

    def start_floor(self) -> str:
        """As Django is served most simply. Returns the address."""
        options = ["--interface", "wsgi", "--blocking-threads", "4", "--factory", "bench.tools.floor:make_application"]
        return self.start(options, "bench.tools.floor_settings")

    def start(self, options: list[str], settings: str) -> str:
        """Two processes with four threads each. Returns the address."""
        port = children.free_port()
        command = [
            str(Path(sys.executable).with_name("granian")), "--port", str(port),
            "--workers", "2", "--log-level", "error", "--no-ws",
            "--workers-kill-timeout", "5",  # a worker that is told to stop while it starts may not hear of it
            *options,
        ]  # fmt: skip
        environment = self.environment | {"DJANGO_SETTINGS_MODULE": settings, "WEB_THREADS": "4"}
        self.running.append(subprocess.Popen(command, env=environment, cwd=self.root))
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{url}/healthz", timeout=5)
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return url
        raise TimeoutError(f"{options[-1]} does not answer")

    def analyze(self) -> None:
        """What autovacuum would do within a minute: without statistics PostgreSQL plans for empty tables."""
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("vacuum analyze")

    def stop(self) -> None:
        """Ends them."""
        for process in self.running:
            process.terminate()
            process.wait(20)
        self.running.clear()


_PREPARE = """
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "checkout_project.settings"
import django; django.setup()
from django.db import connection
from django.utils import timezone
from merchants_app.keys.api_keys import create_key
from merchants_app.models import Member, Merchant, Role, Treasury, User
from webhooks_app.endpoints.endpoints import create_endpoint
from bench.tools.floor import TABLE
shop = Merchant.objects.create(name="Bench")
Member.objects.create(merchant=shop, user=User.objects.create_user("bench@example.com"), role=Role.OWNER)
Treasury.objects.create(merchant=shop, mode="test", address="0x" + "11" * 20, active_from=timezone.now())
create_endpoint(merchant=shop, mode="test", url="http://127.0.0.1:9/hooks", actor="bench")
connection.cursor().execute(TABLE)
print(create_key(merchant=shop, mode="test", name="bench")[1])
"""

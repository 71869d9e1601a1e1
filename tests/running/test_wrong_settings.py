"""Every wrong value of the environment stops the start with a sentence that names it, all of them at once."""

import json
import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from checkout_project import env
from checkout_project.processes import commands
from checkout_project.running import children
from checkout_project.tools.settings_table import DOCS, written
from checkout_project.variables import VARIABLES
from tests.stack import ROOT

KEY = "C2FVsBQIhrscChlQIMV-b5sSYspob7oDfnYF3uzGTcw="
# Parts of values below that nobody is to read in a log.
SECRETS = ("p#w", "p/w", "u:p", KEY[:8], "aaaa", "0" * 20, "rates.example")
WRONG = {
    "SECRET_KEY": ["", "short", "a" * 31],
    "SECRET_KEY_FILE": ["/nowhere/at/all", "/", "/dev/null"],
    "REDIS_URL_FILE": ["/dev/null"], "DATABASE_URL_FILE": ["/dev/null"], "ENCRYPTION_KEYS_FILE": ["/dev/null"],
    "ENCRYPTION_KEYS": ["", ",", "abc", KEY[:-4], f"{KEY},abc", "0" * 44],
    "DEBUG": ["maybe", "2"],
    "PUBLIC_URL": ["", "pay.example", "ftp://pay.example", "https://", "https://pay.example/shop",
                   "https://pay.example?a=1", "https://a:b@pay.example", "https://pay.example:port",
                   "https://pay example"],
    "ALLOWED_HOSTS": ["", "*", "https://pay.example", "pay.example/", "pay.example:8000"],
    "TRUSTED_PROXIES": ["somewhere", "-1"],
    "DATABASE_URL": ["", "mysql://a:b@c/d", "postgresql://", "postgresql://host", "postgresql://u:p#w@host/name",
                     "postgresql://u:p/w@host/name", "postgresql://u:p@host:port/name", "nonsense"],
    "DATABASE_REPLICA_URL": ["mysql://a:b@c/d"], "DATABASE_PREPARE": ["never"], "DATABASE_POOLER": ["1", "statement"],
    "REDIS_URL": ["", "http://host", "redis://", "redis://:p#w@host:6379/0", "redis://host/name", "redis://host:port"],
    "API_KEY_CACHE_SECONDS": ["5", "-1", "soon", "1.5"],
    "RATE_LIMIT_PER_KEY": ["0", "-5", "many", "١٢"],
    "BODY_SECONDS": ["0"], "WEB_THREADS": ["0", ""], "WORKER_THREADS": ["0", "many"],
    "WEBHOOK_PORTS": ["", "http", "0", "70000", "80;443"],
    "EMAIL_PORT": ["0", "99999"],
    "DEFAULT_FROM_EMAIL": ["", "nobody", "Mia <mia@>"],
    "OPERATOR_EMAIL": ["nobody"],
    "LOG_FORMAT": ["xml"], "LOG_LEVEL": ["LOUD"],
    "COINBASE_URL": ["api.coinbase.example", "ftp://rates.example", "http://rates.example"], "KRAKEN_URL": ["https://"],
    "NETWORKS_FILE": ["/nowhere/at/all", "/etc/hosts"],
    "RPC_URL_BASE": ["ftp://node.example", "node.example"], "RPC_URL_BAES": ["https://node.example"],
    "FACILITATOR_URL": ["facilitator.example"],
    "WALLETCONNECT_RELAY": ["relay.example", "https://relay.example", "wss://relay.example/x", "wss://", "wss://a b"],
    "METRICS_PORT": ["-1", "70000", "on"],
    "SENTRY_DSN": ["sentry.example"], "OTEL_EXPORTER_OTLP_ENDPOINT": ["collector:4318"],
    "PROMETHEUS_MULTIPROC_DIR": ["/nowhere/at/all", "/etc/hosts"],
    "BEHIND_PROXY": ["two"], "PROXY_REDIRECTS_TO_HTTPS": ["no!"], "HSTS_PRELOAD": ["later"], "OPEN_SIGNUP": ["some"],
    "WEBHOOK_ALLOW_PRIVATE": ["10.0.0.0/8"], "EMAIL_USE_TLS": ["starttls"], "RATE_LIMIT_PER_LINK": ["-1"],
}  # fmt: skip
WRONG |= {f"{name}_FILE": ["/nowhere/at/all"] for name in env.DEFAULTS if name != "SECRET_KEY"}
RIGHT = {
    "PUBLIC_URL": ["https://pay.example", "https://pay.example/", "http://10.0.0.5:8000", "http://[::1]:8000"],
    "ALLOWED_HOSTS": ["pay.example", ".pay.example,localhost", "[::1]", "shop_1"],
    "DATABASE_URL": ["postgres://u:p%23%2F%40@host/name", "postgresql://u@/name?host=/run", "postgresql://[::1]/name"],
    "DATABASE_POOLER": ["", "session", "transaction"],
    "REDIS_URL": ["rediss://user:p%40@host:6379/1", "redis://host", "unix:///run/redis.sock?db=1"],
    "ENCRYPTION_KEYS": [KEY, f"{KEY}, {KEY}"],
    "DEFAULT_FROM_EMAIL": ["Mia Coffee <pay@mia.example>", "pay@mia.example", "Tallystick <no-reply@localhost>"],
    "OPERATOR_EMAIL": ["", "op@example.com"],
    "COINBASE_URL": ["", "https://api.coinbase.example"],
    "FACILITATOR_URL": ["", "http://facilitator:4022"],
    "WALLETCONNECT_RELAY": ["", "wss://relay.example", "ws://127.0.0.1:5555"],
    "API_KEY_CACHE_SECONDS": ["0"],
    "RPC_URL_BASE": ["", "https://node.example/v2/key, http://127.0.0.1:8545"],
}
# Reads the settings with each value in turn, in one process; prints what is said of it.
_READ = """
import importlib, json, os, sys
from django.core.exceptions import ImproperlyConfigured
from checkout_project import settings
for name, value in json.load(sys.stdin):
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        importlib.reload(settings)
        said = ""
    except ImproperlyConfigured as faults:
        said = str(faults)
    print(json.dumps(said))
    os.environ.pop(name)
    if before is not None:
        os.environ[name] = before
"""


@pytest.fixture(scope="module")
def said() -> dict[tuple[str, str], str]:
    """What is said of each value."""
    pairs = [(name, value) for table in (WRONG, RIGHT) for name, values in table.items() for value in values]
    done = subprocess.run(
        [sys.executable, "-c", _READ],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, input=json.dumps(pairs), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return dict(zip(pairs, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_what_would_be_right(said: dict[tuple[str, str], str], name: str) -> None:
    for value in WRONG[name]:
        line = said[name, value]
        assert line.startswith(name), value
        assert "\n" not in line
        assert line.rstrip().endswith((".", "%25.")), line
        assert not any(secret in line for secret in SECRETS)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken(said: dict[tuple[str, str], str], name: str) -> None:
    assert {value: said[name, value] for value in RIGHT[name]} == dict.fromkeys(RIGHT[name], "")


COMMANDS = {name: ["-m", "checkout_project.processes", name] for name in commands()} | {
    "manage.py": ["manage.py", "check"]
}


@pytest.mark.parametrize("command", COMMANDS)
def test_all_faults_are_told_at_once_and_without_a_traceback(command: str) -> None:
    """By whatever is started, those that only the apps know of too."""
    wrong = {
        "DJANGO_SETTINGS_MODULE": "checkout_project.settings",
        "PORT": str(children.free_port()),
        "SECRET_KEY": "short",
        "PUBLIC_URL": "https://a.example/b",
        "EMAIL_USE_TLS": "1",
        "EMAIL_USE_SSL": "1",
        "RPC_URL_BASE": "ftp://node.example",
    }
    done = subprocess.run(
        [sys.executable, *COMMANDS[command]],
        cwd=ROOT, env=os.environ | wrong, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if "_granian" not in line] == [  # who tells that its child ended
        "Not started: the environment is wrong (docs/configuration.md).",
        "  SECRET_KEY: It is too short to be a secret: give 32 random characters at least.",
        "  PUBLIC_URL='https://a.example/b': Give scheme and host alone: no path, no query, no user.",
        "  EMAIL_USE_TLS and EMAIL_USE_SSL: Give one of them: STARTTLS, or TLS from the start.",
        "  RPC_URL_BASE: URL number 1 is not of the form https://host/path. Give http(s) URLs of JSON-RPC nodes, "
        "separated by commas.",
    ]


def test_the_docs_have_every_variable_that_is_read_with_its_default() -> None:
    named = {each.name for several in VARIABLES.values() for each in several}
    assert set(env.DEFAULTS) - named == set(), "say what it means in checkout_project/variables.py"
    docs = DOCS.read_text(encoding="utf-8")
    assert written(docs) == docs, "run: python -m checkout_project.tools.settings_table"
    assert "| `SECRET_KEY` *(secret)* | required | signs cookies; 50 random characters |" in docs
    assert "| `WEB_THREADS` | `8` |" in docs


def test_no_value_of_a_secret_is_shown() -> None:
    env.wrong("REDIS_PASSWORD", "It is wrong.", value="hunter2")
    env.wrong("LOG_FORMAT", "It is wrong.", value="xml")
    with pytest.raises(ImproperlyConfigured) as told:
        env.tell()
    assert str(told.value) == "REDIS_PASSWORD: It is wrong.\nLOG_FORMAT='xml': It is wrong."

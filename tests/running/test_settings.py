"""What the environment makes of the settings, read in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.stack import ROOT

Read = Callable[..., str]

# Reads them anew for each line; libraries once, which takes a second.
_READ = """
import importlib, json, os, sys
from checkout_project import settings as s
plain = dict(os.environ)
for line in sys.stdin:
    what, env = json.loads(line)
    os.environ.clear()
    os.environ.update(plain | env)
    try:
        importlib.reload(s)
        said = " ".join(str(each) for each in eval(f"[{what}]"))
    except Exception as fault:
        said = str(fault)
    print(json.dumps(said), flush=True)
"""


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """`read(expressions, NAME=value, …)`: what they come to, or what is said when the settings cannot be read."""
    with subprocess.Popen(
        [sys.executable, "-c", _READ], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        asked, said = reader.stdin, reader.stdout

        def ask(what: str, **env: str) -> str:
            asked.write(json.dumps([what, env]) + "\n")
            asked.flush()
            return str(json.loads(said.readline()))

        yield ask


def test_hsts_binds_no_other_host_unasked(read: Read) -> None:
    what = "s.SECURE_HSTS_SECONDS > 0, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD"
    assert read(what, PUBLIC_URL="https://pay.example") == "True False False"
    asked = {"HSTS_INCLUDE_SUBDOMAINS": "1", "HSTS_PRELOAD": "1"}
    assert read(what, PUBLIC_URL="https://pay.example", **asked) == "True True True"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, "0 () None"),
        ({"BEHIND_PROXY": "1"}, "1 () ('HTTP_X_FORWARDED_PROTO', 'https')"),
        ({"TRUSTED_PROXIES": "2", "BEHIND_PROXY": "1"}, "2 () ('HTTP_X_FORWARDED_PROTO', 'https')"),
        ({"TRUSTED_PROXIES": "127.0.0.1"}, "0 (IPv4Network('127.0.0.1/32'),) ('HTTP_X_FORWARDED_PROTO', 'https')"),
    ],
)
def test_our_proxies_are_told_by_number_or_by_address(read: Read, env: dict[str, str], expected: str) -> None:
    assert read("s.TRUSTED_PROXIES.hops, s.TRUSTED_PROXIES.ranges, s.SECURE_PROXY_SSL_HEADER", **env) == expected


def test_a_wrong_proxy_stops_the_start_and_says_what_would_be_right(read: Read) -> None:
    assert "Give a number of proxies" in read("s.TRUSTED_PROXIES", TRUSTED_PROXIES="somewhere")


def test_a_number_and_a_yes_come_from_files_too(read: Read, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("2525\n", encoding="utf-8")
    (tmp_path / "tls").write_text("1\n", encoding="utf-8")
    files = {"EMAIL_PORT_FILE": str(tmp_path / "port"), "EMAIL_USE_TLS_FILE": str(tmp_path / "tls")}
    assert read("s.EMAIL_PORT, s.EMAIL_USE_TLS", **files) == "2525 True"


def test_a_password_of_its_own_needs_no_encoding(read: Read, tmp_path: Path) -> None:
    password = "p@ss/w#rd?%20:ü"
    (tmp_path / "password").write_text(f"{password}\n", encoding="utf-8")
    given = {
        "DATABASE_URL": "postgresql://mia:old@host/name", "DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
        "REDIS_URL": "redis://host:6379/3", "REDIS_PASSWORD_FILE": str(tmp_path / "password"),
    }  # fmt: skip
    found, _, redis_url = read("s.DATABASES['default']['PASSWORD'], s.REDIS_URL", **given).rpartition(" ")
    assert found == password
    assert unquote(redis_url) == f"redis://:{password}@host:6379/3"

"""What the environment makes of the settings, read in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.stack import ROOT


def read(what: str, **env: str) -> str:
    """What one expression of the settings comes to; or what is said when they cannot be read."""
    code = f"from checkout_project import settings as s; print({what})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False
    )
    return (done.stdout or done.stderr).strip().splitlines()[-1]


def test_hsts_binds_no_other_host_unasked() -> None:
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
def test_our_proxies_are_told_by_number_or_by_address(env: dict[str, str], expected: str) -> None:
    assert read("s.TRUSTED_PROXIES.hops, s.TRUSTED_PROXIES.ranges, s.SECURE_PROXY_SSL_HEADER", **env) == expected


def test_a_wrong_proxy_stops_the_start_and_says_what_would_be_right() -> None:
    assert "Give a number of proxies" in read("s.TRUSTED_PROXIES", TRUSTED_PROXIES="somewhere")


def test_a_number_and_a_yes_come_from_files_too(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("2525\n", encoding="utf-8")
    (tmp_path / "tls").write_text("1\n", encoding="utf-8")
    files = {"EMAIL_PORT_FILE": str(tmp_path / "port"), "EMAIL_USE_TLS_FILE": str(tmp_path / "tls")}
    assert read("s.EMAIL_PORT, s.EMAIL_USE_TLS", **files) == "2525 True"


def test_a_password_of_its_own_needs_no_encoding(tmp_path: Path) -> None:
    password = "p@ss/w#rd?%20:ü"
    (tmp_path / "password").write_text(f"{password}\n", encoding="utf-8")
    given = {
        "DATABASE_URL": "postgresql://mia:old@host/name", "DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
        "REDIS_URL": "redis://host:6379/3", "REDIS_PASSWORD_FILE": str(tmp_path / "password"),
    }  # fmt: skip
    found, _, redis_url = read("s.DATABASES['default']['PASSWORD'], s.REDIS_URL", **given).rpartition(" ")
    assert found == password
    assert unquote(redis_url) == f"redis://:{password}@host:6379/3"

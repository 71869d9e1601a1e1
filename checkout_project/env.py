"""Typed readers of the environment: a wrong value stops the start with its name and what would be right."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """The variable, or the content of the file named by NAME_FILE (how Docker and Kubernetes hand over secrets)."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. See docs/configuration.md; `make run` sets it for you.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name, "1" if default else "0").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"", "0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no: give 1 or 0.")


def number(name: str, default: int) -> int:
    """A whole number."""
    value = os.environ.get(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from None


def words(name: str, default: str | None = "") -> list[str]:
    """A comma-separated list; without a default it must be set."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def numbers(name: str, default: str) -> list[int]:
    """A comma-separated list of whole numbers."""
    try:
        return [int(word) for word in words(name, default)]
    except ValueError:
        raise ImproperlyConfigured(
            f"{name}={os.environ.get(name)!r}: give whole numbers, separated by commas."
        ) from None


# libpq's names (PostgreSQL's manual, 34.1.2). Without them a server that vanishes without a word, as behind a cut line,
# is waited for as long as the kernel does: minutes. Seconds, but for tcp_user_timeout: milliseconds.
_NEVER_FOR_LONG = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}


def database(name: str) -> dict[str, object]:
    """A `postgresql://user:password@host:port/name?host=/socket/folder` URL as Django's settings; PostgreSQL only."""
    url = text(name)
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} must be a postgresql:// URL: Tallystick runs on PostgreSQL only.")
    options: dict[str, Any] = _NEVER_FOR_LONG | dict(parse_qsl(parts.query))
    # psycopg's own number of times that a statement is asked before it is prepared; None: never.
    options["prepare_threshold"] = 5 if flag("DATABASE_PREPARE", default=True) else None
    return {
        "ENGINE": "common.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
    }

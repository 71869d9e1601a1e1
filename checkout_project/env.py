"""Typed readers of the environment. What is wrong is collected, and told all at once by `tell`: each variable by its
name, with what would be right. The value is shown too, unless it is a secret."""

import os
import re
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from checkout_project.variables import SECRETS
from common.postgresql import line
from common.postgresql.poolers import SESSION, TRANSACTION

_NEVER_FOR_LONG = {"connect_timeout": "5"} | line.OURS
_HOST = re.compile(r"\.?[A-Za-z0-9_]([A-Za-z0-9_.\-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")
_ENCODE = "Encode the password's special characters: # as %23, / as %2F, ? as %3F, @ as %40, % as %25."
# As it is, where a URL would want it encoded; from a file, most of the time.
_PASSWORD_OF = {
    "DATABASE_URL": "DATABASE_PASSWORD",
    "DATABASE_REPLICA_URL": "DATABASE_PASSWORD",
    "REDIS_URL": "REDIS_PASSWORD",
}
_faults: list[str] = []
# What each variable is when it is not set, as text; None: it has to be. For the docs.
DEFAULTS: dict[str, str | None] = {}
INSTEAD: dict[str, int] = {}  # what a number is when it is not set, where another program than the three asks


def wrong(name: str, right: str, *, value: str | None = None) -> None:
    """Notes a fault. right: what would be, as a sentence. value: shown, unless the variable may hold a secret."""
    shown = "" if value is None or name in SECRETS else f"={value[:200]!r}"
    _faults.append(f"{name}{shown}: {right}")


def tell(*more: tuple[str, str]) -> None:
    """Raises ImproperlyConfigured with all that was wrong, a line each. more: what others found."""
    for name, right in more:
        wrong(name, right)
    found = list(dict.fromkeys(_faults))
    _faults.clear()
    if found:
        raise ImproperlyConfigured("\n".join(found))


def text(name: str, default: str | None = None, *, if_empty: str = "") -> str:
    """The variable, or the content of the file named by NAME_FILE (how Docker and Kubernetes hand over secrets).

    if_empty: what to give instead of nothing, where nothing will not do.
    """
    DEFAULTS[name] = default
    if path := os.environ.get(f"{name}_FILE"):
        name = f"{name}_FILE"
        try:
            value: str | None = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            wrong(name, f"This file cannot be read: {reason}.", value=path)
            return default or ""  # one fault of it is told, and no other that it would lead to
    else:
        value = os.environ.get(name, default)
    if value is None:
        wrong(name, "It is not set. See docs/configuration.md; `make run` sets it for you.")
    elif if_empty and not value:
        wrong(name, f"It is empty: {if_empty}")
    return value or ""


def long_text(name: str, *, least: int) -> str:
    """A secret that nobody guesses."""
    enough = f"give {least} random characters at least."
    value = text(name, if_empty=enough)
    if value and len(value) < least:
        wrong(name, f"It is too short to be a secret: {enough}")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """1/true/yes/on or 0/false/no/off."""
    value = text(name, "1" if default else "0").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value not in {"", "0", "false", "no", "off"}:
        wrong(name, "It is neither yes nor no: give 1 or 0.", value=value)
    return False


def number(name: str, default: int, *, least: int = 1, most: int | None = None) -> int:
    """A whole number within bounds."""
    bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
    usual = INSTEAD.get(name, default)
    value = text(name, str(usual), if_empty=f"give a whole number {bounds}.").strip()
    DEFAULTS[name] = str(default)
    if not re.fullmatch(r"-?[0-9]{1,15}", value, re.ASCII) or not least <= int(value) <= (most or int(value)):
        if value:
            wrong(name, f"Give a whole number {bounds}.", value=value)
        return usual
    return int(value)


def one_of(name: str, default: str, options: Collection[str]) -> str:
    """One of these words."""
    value = text(name, default).strip()
    if value not in options:
        wrong(name, f"Give one of {', '.join(filter(None, options))}.", value=value)
        return default
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return _parts(text(name, default))


def ports(name: str, default: str) -> list[int]:
    """A comma-separated list of ports."""
    given = words(name, default)
    if not given or not all(re.fullmatch(r"[0-9]{1,5}", word, re.ASCII) and 0 < int(word) < 65536 for word in given):
        wrong(name, "Give ports from 1 to 65535, separated by commas.", value=",".join(given))
        return []
    return [int(word) for word in given]


def hosts(name: str, default: str, *, may_be_any: bool) -> list[str]:
    """Names of hosts, `.example.com` for all below it. may_be_any: whether `*` is taken."""
    given = words(name, default)
    for each in given:
        if each == "*" and not may_be_any:
            wrong(name, "`*` takes whatever name a stranger sends: name your own hosts.", value=each)
        elif each != "*" and not _HOST.fullmatch(each):
            wrong(name, "Give names of hosts alone, without http://, port or path.", value=each)
    if not given:
        wrong(name, "Give one name of a host at least: that of PUBLIC_URL.", value="")
    return given


def email(name: str, default: str) -> str:
    """An address, or `Name <address>`; empty where the default is."""
    value = text(name, default).strip()
    try:
        if value or default:
            validate_email(re.sub(r"^[^<>]*<([^<>]+)>$", r"\1", value).replace("@localhost", "@localhost.example"))
    except ValidationError:
        wrong(name, "Give an e-mail address, as `Mia <mia@example.com>` or alone.", value=value)
    return value


def site(name: str, default: str) -> str:
    """Where people reach us: scheme and host, no more."""
    value = text(name, default).strip().rstrip("/")
    parts = _split(value)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not _HOST.fullmatch(parts.hostname if ":" not in parts.hostname else f"[{parts.hostname}]")
    ):
        wrong(name, "Give http:// or https:// and the name of your host, as https://pay.example.com.", value=value)
    elif parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        wrong(name, "Give scheme and host alone: no path, no query, no user.", value=value)
    return value


def address(name: str, default: str) -> str:
    """The URL of a service that is called; empty switches it off."""
    value = text(name, default).strip()
    parts = _split(value)
    if value and (parts is None or parts.scheme not in {"http", "https"} or not parts.hostname):
        wrong(name, "Give a URL with http:// or https://, or nothing to switch it off.", value=value)
    return value


def relay(name: str, default: str) -> str:
    """The origin of a WebSocket server that buyers' browsers connect to; empty switches it off."""
    value = text(name, default).strip()
    parts = _split(value)
    if value and (
        parts is None
        or parts.scheme not in {"ws", "wss"}
        or not _HOST.fullmatch(parts.netloc.partition(":")[0])
        or value != f"{parts.scheme}://{parts.netloc}"
    ):
        wrong(
            name, "Give wss:// and the host alone (wss://relay.example.com), or nothing to switch it off.", value=value
        )
    return value


def address_by_package(name: str, *modules: str) -> str:
    """The same, of a service that is spoken to by packages which not everybody has; empty: not spoken to."""
    missing = [module for module in modules if not _is_installed(module)]
    if missing and text(name, ""):
        wrong(name, f"Its packages are not here ({missing[0]}): install requirements-observability.lock with pip.")
        return ""
    return address(name, "")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it stands in
        return False


def fernet_keys(name: str) -> list[str]:
    """Keys that encrypt; the first encrypts, all decrypt."""
    given = text(name, if_empty="give one key at least. docs/configuration.md says how to make one.")
    keys = _parts(given)
    if given and not keys:
        wrong(name, "Give one key at least, and commas only between keys.")
    for place, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            wrong(name, f"Key {place} of {len(keys)} is none: 32 random bytes in URL-safe base64, 44 characters.")
    return keys


def redis_url(name: str) -> str:
    """Of a Redis or Valkey."""
    value = text(name, if_empty="give redis://:password@host:6379/0.")
    parts = _split(value)
    if not value:
        return value
    if parts is None or parts.fragment or parts.scheme not in {"redis", "rediss", "unix"}:
        wrong(name, f"Give redis://:password@host:6379/0, or rediss:// with TLS. {_ENCODE}")
    elif parts.scheme != "unix" and not (parts.hostname and re.fullmatch(r"(/[0-9]*)?", parts.path)):
        wrong(name, "Give host and number of the database: redis://:password@host:6379/0.")
    elif password := text(_PASSWORD_OF[name], ""):
        user, place = parts.username or "", parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()
    return value


def database(name: str) -> dict[str, object]:
    """A `postgresql://user:password@host:port/name?host=/socket/folder` URL as Django's settings; PostgreSQL only."""
    url = text(name, if_empty="give postgresql://user:password@host:5432/name.")
    parts = _split(url) or _split("postgresql://")
    assert parts
    if url and (_split(url) is None or parts.fragment or "@" in parts.path):
        wrong(name, f"It cannot be read as a URL. {_ENCODE}")
    elif url and parts.scheme not in {"postgres", "postgresql"}:
        wrong(name, "Give a postgresql:// URL: Tallystick runs on PostgreSQL only.")
    elif url and not parts.path.strip("/"):
        wrong(name, "It names no database: postgresql://user:password@host:5432/name.")
    options: dict[str, Any] = _NEVER_FOR_LONG | dict(parse_qsl(parts.query))
    # psycopg's own number of times that a statement is asked before it is prepared; None: never.
    options["prepare_threshold"] = None if pooler() == TRANSACTION else 5
    return {
        "ENGINE": "common.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": text(_PASSWORD_OF[name], "") or unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
        # Kept open between requests and checked before use: a restarted PostgreSQL costs no failed request.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def replica(name: str) -> dict[str, dict[str, object]]:
    """The same for the copy that is read from, by its alias; nothing where none is named."""
    return {"replica": database(name)} if text(name, "") else {}


def pooler() -> str:
    """What stands between us and PostgreSQL: nothing (""), or a pooler that lends a connection for a SESSION or for a
    TRANSACTION. `DATABASE_PREPARE=0` is the older way to say the last."""
    given = one_of("DATABASE_POOLER", "", ("", SESSION, TRANSACTION))
    return given if flag("DATABASE_PREPARE", default=True) else TRANSACTION


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _split(url: str) -> SplitResult | None:
    """None for what is no URL; a wrong port shows only when it is asked for."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts

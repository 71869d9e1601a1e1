"""Until when a server's certificate holds, and whether it is one that we would believe."""

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from smtplib import SMTP
from typing import Any


class Tls(StrEnum):
    """How it begins on a line."""

    AT_ONCE = "at once"
    SMTP = "smtp"  # a mail server is asked for it (STARTTLS)
    POSTGRESQL = "postgresql"  # and so is PostgreSQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose certificates count."""

    authorities: str = ""  # a file or folder of theirs; empty: this machine's
    checks_name: bool = True

    def context(self) -> ssl.SSLContext:
        """For a client. Raises OSError where the file cannot be read."""
        if self == USUAL:
            return trusted()
        is_folder = bool(self.authorities) and Path(self.authorities).is_dir()
        context = ssl.create_default_context(
            cafile=None if is_folder else self.authorities or None, capath=self.authorities if is_folder else None
        )
        context.check_hostname = self.checks_name
        return context


USUAL = Trust()
# PostgreSQL's SSLRequest: its length, and a number in the place of a version.
_MAY_IT_BE_TLS = bytes.fromhex("00000008 04d2162f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a server showed. `problem`: why nothing can be said over it; then it does not matter when it ends."""

    days: float = 0.0  # until it ends
    problem: str = ""
    is_refused: bool = False  # it was shown, and is the problem


def certificate_of(
    host: str, port: int = 443, *, seconds: float, tls: Tls = Tls.AT_ONCE, trust: Trust = USUAL
) -> Certificate:
    """Looks the name up, connects and reads. A sentence for whatever of it fails."""
    try:
        context = trust.context()
    except OSError as error:
        return Certificate(problem=f"{trust.authorities} cannot be read: {error.strerror or error}.")
    try:
        shown = _WAYS[tls](host, port, seconds, context)
    except socket.gaierror:
        return Certificate(problem=f"{host} has no address: no name server knows it, or none answers.")
    except ssl.SSLCertVerificationError as error:
        return Certificate(
            problem=f"the certificate of {host} is not believed: {error.verify_message}.", is_refused=True
        )
    except OSError as error:
        return Certificate(problem=f"{host} does not answer on port {port}: {error.strerror or error}.")
    ends_at = ssl.cert_time_to_seconds(str(shown["notAfter"]))
    return Certificate(days=(ends_at - time.time()) / 86_400)


def _shown(host: str, port: int, seconds: float, context: ssl.SSLContext) -> dict[str, Any]:
    with (
        socket.create_connection((host, port), timeout=seconds) as line,
        context.wrap_socket(line, server_hostname=host) as wrapped,
    ):
        return wrapped.getpeercert() or {}


def _shown_to_mail(host: str, port: int, seconds: float, context: ssl.SSLContext) -> dict[str, Any]:
    with SMTP(host, port, timeout=seconds) as line:
        line.starttls(context=context)
        assert isinstance(line.sock, ssl.SSLSocket)
        return line.sock.getpeercert() or {}


def _shown_by_postgresql(host: str, port: int, seconds: float, context: ssl.SSLContext) -> dict[str, Any]:
    with socket.create_connection((host, port), timeout=seconds) as line:
        line.sendall(_MAY_IT_BE_TLS)
        if line.recv(1) != b"S":
            raise ConnectionError("it speaks no TLS")
        with context.wrap_socket(line, server_hostname=host) as wrapped:
            return wrapped.getpeercert() or {}


_WAYS: dict[Tls, Callable[[str, int, float, ssl.SSLContext], dict[str, Any]]] = {
    Tls.AT_ONCE: _shown,
    Tls.SMTP: _shown_to_mail,
    Tls.POSTGRESQL: _shown_by_postgresql,
}


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Reading all the world's certificate authorities takes long: once is enough."""
    return ssl.create_default_context()

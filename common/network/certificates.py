"""Until when a server's certificate holds, and whether it is one that we would believe."""

import socket
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from smtplib import SMTP
from typing import Any


class Tls(StrEnum):
    """How it begins on a line."""

    AT_ONCE = "at once"
    SMTP = "smtp"  # a mail server is asked for it (STARTTLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a server showed. `problem`: why nothing can be said over it; then it does not matter when it ends."""

    days: float = 0.0  # until it ends
    problem: str = ""
    is_refused: bool = False  # it was shown, and is the problem


def certificate_of(host: str, port: int = 443, *, seconds: float, tls: Tls = Tls.AT_ONCE) -> Certificate:
    """Looks the name up, connects and reads. A sentence for whatever of it fails."""
    show = _shown_to_mail if tls == Tls.SMTP else _shown
    try:
        shown = show(host, port, seconds=seconds)
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


def _shown(host: str, port: int, *, seconds: float) -> dict[str, Any]:
    with (
        socket.create_connection((host, port), timeout=seconds) as line,
        trusted().wrap_socket(line, server_hostname=host) as wrapped,
    ):
        return wrapped.getpeercert() or {}


def _shown_to_mail(host: str, port: int, *, seconds: float) -> dict[str, Any]:
    with SMTP(host, port, timeout=seconds) as line:
        line.starttls(context=trusted())
        assert isinstance(line.sock, ssl.SSLSocket)
        return line.sock.getpeercert() or {}


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Reading all the world's certificate authorities takes long: once is enough."""
    return ssl.create_default_context()

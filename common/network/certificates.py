"""Until when a server's certificate holds, and whether it is one that we would believe."""

import socket
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a server showed. `problem`: why nothing can be said over it; then it does not matter when it ends."""

    days: float = 0.0  # until it ends
    problem: str = ""


def certificate_of(host: str, port: int = 443, *, seconds: float) -> Certificate:
    """Looks the name up, connects and reads. A sentence for whatever of it fails."""
    try:
        with (
            socket.create_connection((host, port), timeout=seconds) as line,
            trusted().wrap_socket(line, server_hostname=host) as wrapped,
        ):
            shown = wrapped.getpeercert() or {}
    except socket.gaierror:
        return Certificate(problem=f"{host} has no address: no name server knows it, or none answers.")
    except ssl.SSLCertVerificationError as error:
        return Certificate(problem=f"the certificate of {host} is not believed: {error.verify_message}.")
    except OSError as error:
        return Certificate(problem=f"{host} does not answer on port {port}: {error.strerror or error}.")
    ends_at = ssl.cert_time_to_seconds(str(shown["notAfter"]))
    return Certificate(days=(ends_at - time.time()) / 86_400)


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Reading all the world's certificate authorities takes long: once is enough."""
    return ssl.create_default_context()

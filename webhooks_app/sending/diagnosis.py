"""Works out from what aiohttp raised, or from the answer, what went wrong, and keeps the detail that shows it."""

import asyncio
import errno
import ssl
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp

from common.network.outbound_http import RefusedAddress, RefusedPort
from webhooks_app.problems import Problem, problem_of_status

# OpenSSL's numbers for why a certificate was not accepted.
_EXPIRED = {9, 10}
_OTHER_NAME = {62, 64}
LONGEST_DETAIL = 300

# What an attempt can raise. Anything else is a mistake of ours and must be seen.
TRANSPORT_ERRORS = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError)


class Finding(NamedTuple):
    """A problem with its detail."""

    problem: Problem
    detail: str = ""


def finding_of_error(error: BaseException) -> Finding:
    """What a failed try means; made for TRANSPORT_ERRORS."""
    match error:
        case RefusedPort():
            return Finding(Problem.PORT_NOT_ALLOWED, _text(error))
        case RefusedAddress():
            return Finding(Problem.PRIVATE_ADDRESS, _text(error))
        case aiohttp.ClientConnectorCertificateError():
            return _of_certificate(error.certificate_error)
        case aiohttp.ClientConnectorDNSError():
            return _refusal_in(error) or Finding(Problem.DNS, _text(error.os_error))
        case aiohttp.ClientConnectorSSLError():
            return Finding(Problem.TLS, _text(error.os_error))
        case aiohttp.ClientConnectorError():
            return _refusal_in(error) or _of_os_error(error.os_error)
        case aiohttp.ConnectionTimeoutError():
            return Finding(Problem.CONNECT_TIMEOUT)
        case asyncio.TimeoutError():
            return Finding(Problem.TIMEOUT)
        case aiohttp.InvalidURL():
            return Finding(Problem.URL_UNUSABLE, _text(error))
        case aiohttp.ClientResponseError():
            return Finding(Problem.NOT_HTTP, _text(error.message))
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | aiohttp.ClientOSError():
            return Finding(Problem.RESET, _text(error))
        case ssl.SSLError():
            return Finding(Problem.TLS, _text(error))
        case OSError():
            return _of_os_error(error)
        case _:
            return Finding(Problem.URL_UNUSABLE, _text(error))


def finding_of_answer(status: int, headers: Mapping[str, str]) -> Finding | None:
    """What an answer's status means; None: success."""
    problem = problem_of_status(status)
    if problem is None:
        return None
    if problem == Problem.REDIRECT:
        return Finding(problem, _text(headers.get("Location", "it does not say where") + "."))
    if problem == Problem.FORBIDDEN and (server := headers.get("Server")):
        return Finding(problem, _text(f"It calls itself {server}."))
    return Finding(problem)


def _refusal_in(error: aiohttp.ClientConnectorError) -> Finding | None:
    """The guard's own refusal, which travels through the connector as the cause."""
    cause = error.os_error
    return finding_of_error(cause) if isinstance(cause, RefusedAddress) else None


def _of_certificate(error: Exception) -> Finding:
    code = getattr(error, "verify_code", 0)
    detail = _text(getattr(error, "verify_message", "") or error)
    if code in _OTHER_NAME:
        return Finding(Problem.TLS_NAME, detail)
    return Finding(Problem.TLS_EXPIRED if code in _EXPIRED else Problem.TLS_UNTRUSTED, detail)


def _of_os_error(error: OSError) -> Finding:
    if error.errno == errno.ECONNREFUSED or isinstance(error, ConnectionRefusedError):
        return Finding(Problem.REFUSED)
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return Finding(Problem.RESET, _text(error))
    return Finding(Problem.UNREACHABLE, _text(error.strerror or error))


def _text(what: object) -> str:
    """Fit for the database and a page: short, on one line, no NUL."""
    shown = str(what).encode("utf-8", "replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in shown).split())[:LONGEST_DETAIL]

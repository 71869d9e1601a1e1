"""What Django reads of a request, made from what the server passes on."""

import sys
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

# As the server sees them (ASGI's `scope`) and as Django does (WSGI's `environ`).
Scope = Mapping[str, Any]
Environ = dict[str, Any]

_ALWAYS: Environ = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
# Known by other names than `HTTP_…`.
_NAMES = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


def environ_of(scope: Scope) -> Environ:
    """The request without its body.

    A header whose name holds an underscore is left out: Django would take `X_Forwarded_For` for the `X-Forwarded-For`
    that a proxy replaces, and so believe a stranger.
    """
    path = scope["path"]
    (server, port), (address, _) = scope["server"], scope["client"] or ("", 0)
    return {
        **_ALWAYS,
        **_headers(scope["headers"]),
        "REQUEST_METHOD": scope["method"],
        # Bytes as Latin letters, as WSGI has it.
        "PATH_INFO": path if path.isascii() else unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": address,
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(),
    }


def put_body(environ: Environ, body: bytes) -> None:
    """Hands a whole body over, with its length: Django reads none without (.NET and others send chunks)."""
    environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> Environ:
    """By name. What was sent twice is one list, as HTTP has it, so that nobody's second line replaces the first."""
    found: Environ = {}
    for raw, value in pairs:
        if b"_" in raw:
            continue
        name = _NAMES.get(raw) or f"HTTP_{raw.decode('latin-1').upper().replace('-', '_')}"
        text = value.decode("latin-1")
        if name in found:
            text = f"{found[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{text}"
        found[name] = text
    return found

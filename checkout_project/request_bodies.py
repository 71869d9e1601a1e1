"""Bodies whose length nobody told: .NET and others send JSON in chunks, and Django reads none without a length."""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class WholeBodies:
    """A WSGI application around ours: reads what comes in chunks first, one byte more than is taken at most."""

    def __init__(self, application: "WSGIApplication", *, limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers the request."""
        if _is_chunked(environ):
            body = environ["wsgi.input"].read(self.limit + 1)
            environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.application(environ, start_response)


def _is_chunked(environ: dict[str, Any]) -> bool:
    return "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and not environ.get("CONTENT_LENGTH")

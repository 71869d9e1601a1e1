"""A request of a shop's server: its JSON, and whose it is."""

from functools import cached_property
from typing import Any, cast

from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from typing_extensions import override

from common.errors import DomainError
from merchants_app.keys.api_keys import digest_of
from merchants_app.models import ApiKey, Merchant


class ApiRequest(Request):
    """DRF's request, with its merchant, mode, key and actor."""

    def __init__(self, request: HttpRequest, **options: Any) -> None:
        super().__init__(request, **options)
        # Our parser needs no context, and DRF's holds the request in a circle.
        self.parser_context = {}

    @cached_property
    def digest(self) -> str | None:
        """What is kept of the secret that was sent; clients of the original API send it alone in `ww-api-key`.

        None: none was sent. Raises AuthenticationFailed when `Authorization` is malformed.
        """
        header = self.META.get("HTTP_AUTHORIZATION", "").strip()
        if not header:
            secret = self.META.get("HTTP_WW_API_KEY", "").strip()
            return digest_of(secret) if secret else None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise AuthenticationFailed(
                "Send the API key as `Authorization: Bearer sk_…`.", code="invalid_authorization_header"
            )
        return digest_of(secret.strip())

    @property
    def key(self) -> ApiKey:
        """By which it came: a resource's methods run only for those that have one."""
        return cast("ApiKey", self.auth)

    @property
    def merchant(self) -> Merchant:
        """Whose key it is."""
        return self.key.merchant

    @property
    def mode(self) -> str:
        """The key's mode: all that this request may see or make belongs to it."""
        return self.key.mode

    @property
    def actor(self) -> str:
        """Who did it, for the audit log and the timeline."""
        return f"API key {self.key.hint}…"

    @property
    def request_id(self) -> str:
        """The id that the answer carries as `Request-Id`."""
        return str(self.META.get("tallystick.request_id", ""))


class Encoded(DomainError):
    """The body is packed in a way that is not read here."""

    code, status = "unsupported_content_encoding", 415


class OnlyJson(BaseContentNegotiation):
    """What is read and written, in the place of DRF's choice among several."""

    @override
    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The JSON parser for JSON; None, hence 415, for anything else and for a charset other than UTF-8."""
        encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if encoding not in {"", "identity"}:
            raise Encoded(f"Send the body as it is: Content-Encoding {encoding[:40]!r} is not read.")
        if request.content_type == "application/json":
            return parsers[0]
        media_type, _, parameters = (request.content_type or "").partition(";")
        charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip(' "')
        if media_type.strip().lower() != "application/json" or charset not in {"", "utf-8", "utf8"}:
            return None
        return parsers[0]

    @override
    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """JSON, whatever `Accept` says: an answer one can read beats a 406."""
        return renderers[0], renderers[0].media_type

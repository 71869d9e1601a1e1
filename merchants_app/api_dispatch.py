"""DRF's way from a request to a resource's method, without what this API has no use for.

There is one parser, one renderer, one way to say who is calling; DRF looks for each of them anew in every request,
which took a tenth of a new session's time (`bench/api.py`).
"""

from functools import lru_cache
from io import BytesIO
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from rest_framework.exceptions import AuthenticationFailed, UnsupportedMediaType
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet
from typing_extensions import override

from merchants_app.api_keys import digest_of
from merchants_app.models import ApiKey, Merchant


class ApiRequest(Request):
    """A request of a shop's server."""

    negotiator: "OnlyJson"
    parsers: list[Any]
    # Plain attributes in the place of DRF's properties, which authenticate at the first look: here the view does that.
    user: Merchant | None = None  # type: ignore[assignment]
    auth: ApiKey = None  # type: ignore[assignment]  # methods run only for those that have a key

    def __init__(self, request: HttpRequest, **options: Any) -> None:
        super().__init__(request, **options)
        # Our parser needs no context, and this one holds the request in a circle.
        self.parser_context = {}
        # Asked for again and again; DRF looks in two other places first, each time.
        self.META, self.method, self.path = request.META, request.method, request.path

    @cached_property
    def data(self) -> Any:
        """The body's JSON; an empty body is an empty object. Raises UnsupportedMediaType (415) or ParseError (400)."""
        body = self._request.body
        if not body:
            return {}
        parser = self.negotiator.select_parser(self, self.parsers)
        if parser is None:
            raise UnsupportedMediaType(self.content_type)
        return parser.parse(BytesIO(body))

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
    def merchant(self) -> Merchant:
        """Whose key it is."""
        return self.auth.merchant

    @property
    def mode(self) -> str:
        """The key's mode: all that this request may see or make belongs to it."""
        return self.auth.mode

    @property
    def actor(self) -> str:
        """Who did it, for the audit log and the timeline."""
        return f"API key {self.auth.hint}…"

    @property
    def request_id(self) -> str:
        """The id that the answer carries as `Request-Id`."""
        return str(self.META.get("tallystick.request_id", ""))


class OnlyJson(BaseContentNegotiation):
    """What bodies are read."""

    @override
    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The JSON parser for JSON; None, hence 415, for anything else and for a charset other than UTF-8."""
        if request.content_type == "application/json":
            return parsers[0]
        media_type, _, parameters = (request.content_type or "").partition(";")
        charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip(' "')
        if media_type.strip().lower() != "application/json" or charset not in {"", "utf-8", "utf8"}:
            return None
        return parsers[0]


class LeanViewSet(ViewSet):
    """A resource whose parser, renderer, authenticator and permission are the same objects for all requests."""

    content_negotiation_class = OnlyJson

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answers, and lets go of the methods that DRF has hung on this very object.

        Such a circle keeps the request with all that belongs to it until Python looks for garbage: tens of megabytes of
        what nobody needs, through which every new request would have to find fresh memory.
        """
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            for name in self.http_method_names:
                self.__dict__.pop(name, None)

    @override
    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> ApiRequest:
        """The request with its merchant, mode, key and actor."""
        return ApiRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    @override
    def perform_authentication(self, request: Request) -> None:
        """Whose request it is, if anybody's."""
        request._authenticate()  # type: ignore[attr-defined]  # the step behind DRF's `request.user`

    @override
    def get_parsers(self) -> list[Any]:
        """Made once."""
        return _made(tuple(self.parser_classes))

    @override
    def get_authenticators(self) -> list[Any]:
        """Made once."""
        return _made(tuple(self.authentication_classes))

    @override
    def get_permissions(self) -> list[Any]:
        """Made once."""
        return _made(tuple(self.permission_classes))

    @override
    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """JSON, whatever `Accept` says: an answer one can read beats a 406."""
        (renderer,) = _made(tuple(self.renderer_classes))
        return renderer, renderer.media_type

    @override
    def check_throttles(self, request: Request) -> None:
        """Requests are counted before their key is looked up."""

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: what is allowed is told to whoever tried something else (405)."""
        return {}


@lru_cache(maxsize=64)
def _made(classes: tuple[Any, ...]) -> list[Any]:
    return [each() for each in classes]

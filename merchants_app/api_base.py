"""What every resource of the API stands on: whose request it is, in which mode, and by which key."""

from typing import Any

from django.http import HttpRequest
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet
from typing_extensions import override

from merchants_app.models import ApiKey, Merchant


class ApiRequest(Request):
    """A request of a shop's server, after its key was checked."""

    auth: ApiKey

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


class MerchantViewSet(ViewSet):
    """A resource of the API. A method of a subclass parses, calls one rule, answers; it catches nothing."""

    request: ApiRequest
    http_method_names = ["get", "post", "patch", "put", "delete", "head"]

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
    def perform_content_negotiation(
        self, request: Request, force: bool | None = False
    ) -> tuple[BaseRenderer, str]:
        """Always JSON: a client that sends an odd `Accept` gets it too, rather than a 406."""
        renderer = self.renderer_classes[0]()
        return renderer, renderer.media_type or ""

    def get_parsers(self) -> list[BaseParser]:
        """JSON only; another content type is a 415."""
        return [parser() for parser in self.parser_classes]

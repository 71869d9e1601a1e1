"""How drf-spectacular is to describe our own classes. Importing this file registers them."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from typing_extensions import override

from checkout_project.openapi import checkout_calls, shop_calls, webhook_calls
from merchants_app.powers import SCOPE_WORDS

__all__ = ["checkout_calls", "shop_calls", "webhook_calls"]

_URL = r"^[hH][tT][tT][pP][sS]?://[^\s@/?#\\]+([/?#][^\s\\]*)?$"


class KeyInHeader(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Both headers that a key may come in."""

    target_class = "merchants_app.api_authentication.ApiKeyAuthentication"
    name = ["bearer", "wwApiKey"]

    @override
    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        """One of them is enough; the key needs the scope."""
        view: Any = auto_schema.view
        scope = view.scopes[view.action].value
        return [{"bearer": [scope]}, {"wwApiKey": [scope]}]

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        """The two schemes."""
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key from the dashboard: `sk_test_…` or `sk_live_…`. Each call names the scope "
                "that it needs: " + "; ".join(f"`{scope}`: {words}" for scope, words in SCOPE_WORDS.items()) + ".",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "ww-api-key",
                "description": "The same key alone, as clients of the original API send it.",
            },
        ]


class UrlField(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Only http and https."""

    target_class = "common.strict_serializers.HttpUrlField"

    @override
    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """A URI that begins with http."""
        # No `format: uri`: addresses with letters beyond ASCII are taken too.
        return {"type": "string", "maxLength": self.target.max_length, "pattern": _URL}


class Amount(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Above zero."""

    target_class = "sessions_app.terms.AmountField"

    @override
    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """As many digits as are kept."""
        return {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10**16}


class AllowedAssets(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A list, or one symbol alone."""

    target_class = "sessions_app.terms.AllowedAssetsField"

    @override
    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """As the original API takes it."""
        symbol = {"type": "string", "minLength": 1, "maxLength": 16}
        return {"anyOf": [{"type": "array", "items": symbol, "maxItems": self.target.max_length}, symbol]}


class Headers(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Names and values."""

    target_class = "webhooks_app.api_requests.Headers"

    @override
    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """An object of text."""
        return {"type": "object", "additionalProperties": {"type": "string"}}


class Metadata(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Any JSON object."""

    target_class = "sessions_app.terms.MetadataField"

    @override
    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """At most 50 names."""
        return {"type": "object", "additionalProperties": True, "maxProperties": 50}

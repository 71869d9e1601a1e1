"""How drf-spectacular is to describe our own classes. Importing this file registers them."""

from typing import Any

from drf_spectacular.contrib.pydantic import PydanticExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction
from pydantic.json_schema import model_json_schema
from typing_extensions import override

from checkout_project.openapi import checkout_calls, refund_calls, shop_calls, webhook_calls
from common.api.types import Query
from merchants_app.powers import SCOPE_WORDS

__all__ = ["checkout_calls", "refund_calls", "shop_calls", "webhook_calls"]

_COMPONENT = "#/components/schemas/"


class KeyInHeader(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Both headers that a key may come in."""

    target_class = "merchants_app.frame.api_authentication.ApiKeyAuthentication"
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


class TypedClass(PydanticExtension):  # type: ignore[no-untyped-call]
    """Our typed classes: a body as it is taken, an answer as it is sent."""

    target_class = "common.api.types.ApiType"
    match_subclasses = True
    priority = 1

    @override
    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """The class as JSON schema; the classes and lists of words inside it become components of their own."""
        schema = model_json_schema(
            self.target,
            ref_template=_COMPONENT + "{model}",
            mode="validation" if direction == "request" else "serialization",
        )
        parts = schema.pop("$defs", {})
        for part in parts.values():
            part.pop("title", None)
        if issubclass(self.target, Query):
            return _in_place(schema, parts)
        for name, part in parts.items():
            component = ResolvedComponent(name, ResolvedComponent.SCHEMA, part, object=name)  # type: ignore[no-untyped-call]
            auto_schema.registry.register_on_missing(component)
        return schema


def _in_place(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    """With each reference replaced by what it stands for: parameters share no components."""
    for name, field in schema["properties"].items():
        if reference := field.pop("$ref", ""):
            schema["properties"][name] = parts[reference.removeprefix(_COMPONENT)] | field
    return schema

"""The description of the API as data, made once a process: it changes only with the code."""

from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from checkout_project.openapi import extensions

__all__ = ["as_json", "description", "extensions"]


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """OpenAPI 3.1."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


@lru_cache(maxsize=1)
def as_json() -> bytes:
    """The same as it is served."""
    return bytes(OpenApiJsonRenderer().render(description()))

"""The description of the API at /api/schema, and as a page at /api/docs that loads nothing from elsewhere."""

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from checkout_project.openapi import extensions

__all__ = ["api_docs", "api_schema", "extensions"]


@require_safe
def api_schema(_request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1 as JSON."""
    return HttpResponse(_schema(), content_type="application/vnd.oai.openapi+json; charset=utf-8")


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """The same to read and try."""
    return render(request, "api_docs.html")


@lru_cache(maxsize=1)
def _schema() -> bytes:
    """Made once a process: it changes only with the code."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return bytes(OpenApiJsonRenderer().render(schema))

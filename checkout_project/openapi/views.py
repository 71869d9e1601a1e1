"""The description of the API at /api/schema; /docs/api is the same to read."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from checkout_project.openapi.description import as_json


@require_safe
def api_schema(_request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1 as JSON."""
    return HttpResponse(as_json(), content_type="application/vnd.oai.openapi+json; charset=utf-8")

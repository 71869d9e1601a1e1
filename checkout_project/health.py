"""For whoever watches the service: is it alive, can it work, what does it do."""

import hmac

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from checkout_project.metrics import REGISTRY


@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """`/healthz`: this process answers. Says nothing of what it depends on, so a restart is never the wrong cure."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """`/readyz`: PostgreSQL and Redis answer too; 503 names the one that does not."""
    parts = {"database": _database_answers(), "redis": _redis_answers()}
    all_well = all(parts.values())
    states = {name: "ok" if well else "unreachable" for name, well in parts.items()}
    return JsonResponse({"status": "ok" if all_well else "unavailable", **states}, status=200 if all_well else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """`/metrics` for Prometheus. With `METRICS_TOKEN` set it must be sent as a bearer token."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and not hmac.compare_digest(given.encode(), token.encode()):
        return HttpResponse("Send the METRICS_TOKEN as a bearer token.\n", status=401, content_type="text/plain")
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False

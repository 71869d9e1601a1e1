"""For whoever watches the service: is it alive, can it work, what does it do."""

import hmac

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from checkout_project.database_state import NEEDED, states_of_database
from checkout_project.metrics import REGISTRY


@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """`/healthz`: this process answers. Says nothing of what it depends on, so a restart is never the wrong cure."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """`/readyz`: what this process depends on, each in a word, and 503 when it cannot work without what is missing.

    `unavailable`: no database, one that nothing can be written to, or one of another version. `degraded`: sessions are
    made all the same, and somebody should look: Redis, the workers, a clock.
    """
    states = states_of_database() | {"redis": "ok" if _redis_answers() else "unreachable"}
    is_ready = all(states.get(name) == "ok" for name in NEEDED)
    summary = "unavailable" if not is_ready else "ok" if set(states.values()) == {"ok"} else "degraded"
    return JsonResponse({"status": summary, **states}, status=200 if is_ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """`/metrics` for Prometheus. With `METRICS_TOKEN` set it must be sent as a bearer token."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and not hmac.compare_digest(given.encode(), token.encode()):
        return HttpResponse("Send the METRICS_TOKEN as a bearer token.\n", status=401, content_type="text/plain")
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _redis_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False

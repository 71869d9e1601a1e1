"""For whoever watches the service: is it alive, can it work, what does it do."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from checkout_project.facts.installation import Facts, facts
from checkout_project.facts.states import states_of
from checkout_project.observing.known import KNOWN
from checkout_project.outage import RETRY_SECONDS
from common.measures.telling import TOKEN_WANTED, counted, may_read


@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """`/healthz`: this process answers. Says nothing of what it depends on, so a restart is never the wrong cure."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """`/readyz`: what this process depends on, each in a word, and 503 when it cannot work without what is missing.

    `unready` names what makes it `unavailable`: no database, one that nothing can be written to, or one of another
    version. `degraded` names what somebody should look at while sessions are made all the same.
    """
    found = facts()
    states = states_of(found)
    unready = [each.name for each in states if each.is_needed and not each.is_well]
    degraded = [each.name for each in states if not each.is_needed and not each.is_well]
    summary = "unavailable" if unready else "degraded" if degraded else "ok"
    said = {"status": summary, "unready": unready, "degraded": degraded, **{each.name: each.word for each in states}}
    headers = {"Retry-After": str(RETRY_SECONDS)} if unready else None
    return JsonResponse(said | {"seconds": _seconds(found)}, status=503 if unready else 200, headers=headers)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """`/metrics` for Prometheus. With `METRICS_TOKEN` set it must be sent as a bearer token."""
    if not may_read(request.headers.get("Authorization", "")):
        return HttpResponse(TOKEN_WANTED, status=401, content_type="text/plain")
    return HttpResponse(generate_latest(KNOWN) + counted(), content_type=CONTENT_TYPE_LATEST)


def _seconds(found: Facts) -> dict[str, Any]:
    """The figures behind the words; null: never, or nobody can say."""
    if found.stored is None:
        return {}
    return {
        "networks": {each.network.id: each.lag and round(each.lag, 1) for each in found.stored.networks},
        "oldest_event": round(found.stored.untold, 1),
        "rates": {each.name: each.age and round(each.age, 1) for each in found.stored.sources},
    }

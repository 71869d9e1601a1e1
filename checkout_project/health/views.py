"""For whoever watches the service: is it alive, can it work, what does it do."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from checkout_project.errors.outage import RETRY_SECONDS
from checkout_project.facts.database import FULL, OK, look_at_database
from checkout_project.facts.installation import Facts
from checkout_project.facts.states import State, states_of
from checkout_project.health.looking import LOOKS
from checkout_project.health.probes import is_from_inside
from checkout_project.observing.known import KNOWN
from common.measures.telling import TOKEN_WANTED, counted, may_read


@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """`/healthz`: this process answers. Says nothing of what it depends on, so a restart is never the wrong cure."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """`/readyz`: what this process depends on, each in a word, and 503 when it cannot work without what is missing.

    `unready` names what makes it `unavailable`: no database, one that nothing can be written to, or one of another
    version. `degraded` names what somebody should look at while sessions are made all the same, as it was when this
    process looked last. The words and figures behind it are for those inside, and who has the METRICS_TOKEN.
    """
    last = LOOKS.last()
    found = _now(last)
    states = [each for each in states_of(found) if last or each.is_needed]  # what was not looked at yet is not away
    if blind := LOOKS.blind_for():
        states.append(State(name="looks", word=f"none has come to an end for {blind:.0f} s"))
    unready = [each.name for each in states if each.is_needed and not each.is_well]
    degraded = [each.name for each in states if not each.is_needed and not each.is_well]
    summary = "unavailable" if unready else "degraded" if degraded else "ok"
    said: dict[str, Any] = {"status": summary, "unready": unready, "degraded": degraded}
    if is_from_inside(request) or (settings.METRICS_TOKEN and may_read(request.headers.get("Authorization", ""))):
        said |= {each.name: each.word for each in states} | {"seconds": _seconds(found)}
    headers = {"Retry-After": str(RETRY_SECONDS)} if unready else None
    return JsonResponse(said, status=503 if unready else 200, headers=headers)


def _now(last: Facts | None) -> Facts:
    """What it cannot work without as it is at this moment, by a small query, and the rest as it was seen last."""
    database = look_at_database(is_quick=True)
    if last is None:
        return Facts(now=timezone.now(), database=database, stored=None, queued=None)
    if database.state == OK and last.database.state == FULL:
        database = replace(database, state=FULL)
    return replace(last, database=database)


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

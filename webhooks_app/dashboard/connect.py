"""Doors: a shop asks to be connected, an owner says yes or no, the shop fetches its key (docs/connect-a-shop.md)."""

from typing import Any
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from common.errors import DomainError
from common.modes import Mode
from merchants_app.frame.access import Access, Power, for_members, in_live
from merchants_app.frame.pages import page
from merchants_app.frame.places import Place
from merchants_app.frame.throttling import TooManyRequests, count_connecting
from merchants_app.models import User
from merchants_app.powers import SCOPE_WORDS
from webhooks_app.dashboard.oauth import SCOPES, SERVER, OAuth2Error
from webhooks_app.endpoints.endpoints import check_url
from webhooks_app.errors import ConnectLater
from webhooks_app.pairing.shops import owned_by

# What a shop says; a consent carries all of it along.
_SAID = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "mode",
    "webhook_url",
)  # fmt: skip


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Where a shop sends its owner's browser: they sign in, and say which business it is for."""
    try:
        count_connecting(request)
        SERVER.get_consent_grant(request)
    except TooManyRequests as error:
        return _refused(request, str(error.detail), status=429)
    except OAuth2Error as error:
        return _refused(request, error.description, back=_way_back(error))
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    businesses = owned_by(request.user)
    if not businesses:
        return _refused(request, "Only an owner of a business can connect a shop to it. Ask yours.", status=403)
    mode = Mode(request.GET.get("mode", Mode.TEST))
    said = urlencode({name: request.GET[name] for name in _SAID if name in request.GET})
    ways = [(each.name, f"{_consent_at(each.public_id, mode)}?{said}") for each in businesses]
    if len(ways) == 1:
        return redirect(ways[0][1])
    return render(request, "connect/choose.html", {"ways": ways, "shop": request.GET["client_id"]})


def _allows(request: HttpRequest) -> bool:
    return request.POST.get("answer") == "allow"


def _gives_in_live(request: HttpRequest, access: Access) -> bool:
    """To say no takes no password."""
    return in_live(request, access) and _allows(request)


@never_cache
@for_members(see=Power.CONNECT_SHOPS, change=Power.CONNECT_SHOPS, fresh=_gives_in_live)
def consent(request: HttpRequest, access: Access) -> HttpResponse:
    """What a shop would get, and where it is; a POST allows it or refuses, and leads back to the shop."""
    try:
        grant = SERVER.get_consent_grant(request)
    except OAuth2Error as error:
        return _refused(request, error.description, back=_way_back(error))
    data = grant.request.payload.data
    problem = _problem_of(data.get("webhook_url", ""), access.mode)
    if request.method == "POST" and not (_allows(request) and problem):
        allowed = access if _allows(request) else None
        answer = SERVER.create_authorization_response(grant.request, grant_user=allowed, grant=grant)
        # A page that leads on instead of a redirect: the content policy holds a form's redirect to our own host.
        return render(request, "connect/back.html", {"back": _signed(answer["Location"]), "shop": data["client_id"]})
    said = {name: data[name] for name in _SAID if name in data}
    business = access.merchant.public_id
    ways = {mode: f"{_consent_at(business, mode)}?{urlencode(said | {'mode': mode.value})}" for mode in Mode}
    other = Mode.LIVE if access.mode == Mode.TEST else Mode.TEST
    words = [(scope, SCOPE_WORDS[scope]) for scope in SCOPE_WORDS if scope in grant.request.scope.split()]
    return page(
        request,
        access,
        "connect.html",
        said=said,
        shop=data["client_id"].partition("://")[2],
        words=words,
        webhook_url=data.get("webhook_url", ""),
        problem=problem,
        other=other,
        elsewhere=ways[other],
        modes=list(ways.items()),  # the switch on top keeps what the shop said
        status=400 if problem else 200,
    )


@csrf_exempt  # a shop's server calls it: nobody's cookie counts here
@never_cache
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """The code for a key, once. Errors as OAuth has them: `{"error", "error_description"}`."""
    try:
        count_connecting(request)
        answer: HttpResponse = SERVER.create_token_response(request)
    except TooManyRequests as error:
        said = {"error": "temporarily_unavailable", "error_description": str(error.detail)}
        return JsonResponse(said, status=429, headers={"Retry-After": str(error.allowance.reset_seconds)})
    except ConnectLater as error:
        said = {"error": "temporarily_unavailable", "error_description": error.detail}
        return JsonResponse(said, status=503, headers={"Retry-After": "60"})
    except DomainError as error:
        return JsonResponse({"error": "invalid_grant", "error_description": error.detail}, status=400)
    return answer


@require_safe
def metadata(_request: HttpRequest) -> HttpResponse:
    """Where all this is, for programs (RFC 8414)."""
    said = {
        "issuer": settings.PUBLIC_URL,
        "authorization_endpoint": settings.PUBLIC_URL + reverse("connect"),
        "token_endpoint": settings.PUBLIC_URL + reverse("connect-token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": SCOPES,
        "authorization_response_iss_parameter_supported": True,
        "service_documentation": f"{settings.PUBLIC_URL}/docs/connect-a-shop",
    }
    return JsonResponse(said, headers={"Cache-Control": "public, max-age=3600"})


def _signed(back: str) -> str:
    """The answer's address with who answers (RFC 9207): a shop that knows several installations mixes up none."""
    return str(add_params_to_uri(back, [("iss", settings.PUBLIC_URL)]))


def _consent_at(business: str, mode: Mode) -> str:
    return reverse("dashboard:connect", kwargs={"at": Place(business, mode)})


def _problem_of(webhook_url: str, mode: Mode) -> str:
    """Why messages may not go there, before anybody consents."""
    try:
        if webhook_url:
            check_url(webhook_url, mode=mode)
    except DomainError as error:
        return error.detail
    return ""


def _way_back(error: Any) -> str:
    """Where the shop waits for the answer, with the error; empty when it is not known where.

    It is a link that one may press. Who is led there by itself could be led anywhere: no client is registered.
    """
    return _signed(add_params_to_uri(error.redirect_uri, error.get_body())) if error.redirect_uri else ""


def _refused(request: HttpRequest, reason: str, *, back: str = "", status: int = 400) -> HttpResponse:
    return render(request, "connect/refused.html", {"reason": reason, "back": back}, status=status)

"""OAuth 2 for shops that nobody registered: authorization code with PKCE, by Authlib. The rules are in `pairing`.

A client is its origin: `client_id` is `https://shop.example`, and the redirect must lead there. Whoever controls that
origin gets the code, and PKCE says that it is the one who began.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import (
    ClientMixin,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Payload,
    OAuth2Request,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from django.http import HttpRequest, HttpResponse
from typing_extensions import override

from common.api.exact_json import dumps
from merchants_app.frame.access import Access
from merchants_app.models import KeyScope
from webhooks_app.pairing.codes import Consent, take
from webhooks_app.pairing.shops import allow, connect, origin_of

__all__ = ["SCOPES", "SERVER", "OAuth2Error"]

SCOPES = [scope.value for scope in KeyScope]
_USUAL = f"{KeyScope.READ} {KeyScope.WRITE}"
_LONGEST_STATE = 500
_ONCE = ("code_challenge", "code_challenge_method", "mode", "webhook_url")
_ONCE_FOR_TOKEN = ("client_id", "code", "code_verifier", "grant_type", "redirect_uri")
# What an answer is read by: a shop's own address may not have them already.
_ANSWERS = {"code", "state", "error", "iss"}


class Shop(ClientMixin):
    """A client: nobody registered it, its origin is all that is known."""

    def __init__(self, origin: str) -> None:
        self.client_id = origin

    def get_client_id(self) -> str:
        """Its origin."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: a request must say where it goes back to."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """What it asks for, in our order; nothing said: what a shop needs."""
        wanted = (scope or "").split() or _USUAL.split()
        return " ".join(each for each in SCOPES if each in wanted)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Its own origin, to the letter."""
        if origin_of(redirect_uri) != self.client_id:
            return False
        return not _ANSWERS & {name for name, _ in parse_qsl(urlsplit(redirect_uri).query, keep_blank_values=True)}

    def check_client_secret(self, _secret: str) -> bool:
        """It has none."""
        return False

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """PKCE is what proves it."""
        return bool(method == "none")

    def check_response_type(self, response_type: str) -> bool:
        """A code, nothing else."""
        return bool(response_type == "code")

    def check_grant_type(self, grant_type: str) -> bool:
        """And that code for a key: a key needs no refreshing."""
        return bool(grant_type == "authorization_code")


def _refuse_twice(request: Any, names: Iterable[str]) -> None:
    for name in names:
        if len(request.payload.datalist.get(name, [])) > 1:
            raise InvalidRequestError(f"Multiple '{name}' in request.")


class _Code:
    """A consent as Authlib asks for it."""

    code_challenge_method = "S256"

    def __init__(self, consent: Consent) -> None:
        self.consent = consent
        self.code_challenge = consent.challenge

    def get_redirect_uri(self) -> str:
        return self.consent.redirect_uri

    def get_scope(self) -> str:
        return self.consent.scopes


class _Pkce(CodeChallenge):
    """PKCE by S256, and a state: neither may be left out."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    @override
    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256" or not data.get("code_challenge"):
            raise InvalidRequestError("Send 'code_challenge' with 'code_challenge_method=S256'.")
        if not 8 <= len(data.get("state", "")) <= _LONGEST_STATE:
            raise InvalidRequestError(f"Send a random 'state' of 8 to {_LONGEST_STATE} characters.")
        if data.get("mode", "test") not in {"test", "live"}:
            raise InvalidRequestError("'mode' is 'test' or 'live'.")
        if (webhook_url := data.get("webhook_url")) and origin_of(webhook_url) != grant.request.client.get_client_id():
            raise InvalidRequestError("'webhook_url' must lead to the origin that 'client_id' names, as a plain URL.")
        _refuse_twice(grant.request, _ONCE)
        super().validate_code_challenge(grant, redirect_uri)


class _Grant(AuthorizationCodeGrant):
    """From consent to code, from code to key. `request.user` is the owner's access."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Any) -> str:
        """What it sent, never repeated in an error: a description takes few letters."""
        redirect_uri: str = request.payload.redirect_uri or ""
        if not client.check_redirect_uri(redirect_uri):
            said = "'redirect_uri' must lead to the origin that 'client_id' names, without code, state, error or iss."
            raise InvalidRequestError(said)
        return redirect_uri

    @override
    def validate_token_request(self) -> None:
        _refuse_twice(self.request, _ONCE_FOR_TOKEN)
        if not self.request.payload.client_id:
            raise InvalidClientError("Send the shop's origin as 'client_id'.")
        super().validate_token_request()

    @override
    def save_authorization_code(self, code: str, request: Any) -> None:
        access: Access = request.user
        data = request.payload.data
        consent = Consent(
            merchant_id=access.merchant.pk,
            mode=access.mode.value,
            user_id=access.user.pk,
            client=request.client.get_client_id(),
            redirect_uri=request.payload.redirect_uri,
            challenge=data["code_challenge"],
            scopes=request.scope,
            webhook_url=data.get("webhook_url", ""),
        )
        allow(code, consent, by=access.user)

    @override
    def query_authorization_code(self, code: str, client: Any) -> _Code | None:
        consent = take(code)
        return _Code(consent) if consent and consent.client == client.get_client_id() else None

    @override
    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """It was taken when it was looked for."""

    @override
    def authenticate_user(self, authorization_code: _Code) -> Consent:
        return authorization_code.consent

    @override
    def generate_token(self, user: Any = None, **_options: Any) -> dict[str, Any]:
        connected = connect(user)
        token = {
            "access_token": connected.secret,
            "token_type": "Bearer",
            "scope": user.scopes,
            "mode": user.mode,
            "business": {"id": connected.merchant.public_id, "name": connected.merchant.name},
        }
        if connected.endpoint:
            endpoint, secret = connected.endpoint, connected.signing_secret
            token["webhook"] = {"id": endpoint.public_id, "url": endpoint.url, "secret": secret}
        return token

    @override
    def save_token(self, token: dict[str, Any]) -> None:
        """A key is kept by the rule that made it."""


class _Payload(OAuth2Payload):
    def __init__(self, request: HttpRequest) -> None:
        self.sent = [request.GET, request.POST]

    @property
    def data(self) -> dict[str, str]:
        return {name: value for each in self.sent for name, value in each.dict().items()}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        values: defaultdict[str, list[str]] = defaultdict(list)
        for each in self.sent:
            for name, listed in each.lists():
                values[name] += listed
        return values


class _Request(OAuth2Request):
    def __init__(self, request: HttpRequest) -> None:
        # Authlib refuses plain http by this address. Whether a call may come so is decided before, for all pages
        # (SECURE_SSL_REDIRECT): on one's own machine it may.
        super().__init__(method=request.method, uri=f"https://{request.get_host()}{request.path}")
        self.payload = _Payload(request)
        self.typed = request.POST

    @property
    def form(self) -> Any:
        return self.typed


class _Server(AuthorizationServer):
    def get_authorization_grant(self, request: Any) -> Any:
        if request.payload.response_type != "code":
            raise InvalidRequestError("Send 'response_type=code'.")
        return super().get_authorization_grant(request)

    def get_token_grant(self, request: Any) -> Any:
        if request.payload.grant_type != "authorization_code":
            error = UnsupportedGrantTypeError("authorization_code")
            error.description = "Send 'grant_type=authorization_code'."
            raise error
        return super().get_token_grant(request)

    def query_client(self, client_id: str) -> Shop | None:
        origin = origin_of(client_id)
        return Shop(origin) if origin == client_id else None

    def create_oauth2_request(self, request: HttpRequest) -> _Request:
        return _Request(request)

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> HttpResponse:
        content = dumps(body) if isinstance(body, dict) else body
        return HttpResponse(content, status=status, headers={"Content-Type": "application/json"} | dict(headers))

    def send_signal(self, name: str, *args: Any, **options: Any) -> None:
        """Nobody listens."""


SERVER = _Server(scopes_supported=SCOPES)
SERVER.register_grant(_Grant, [_Pkce(required=True)])

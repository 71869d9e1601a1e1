"""Who is calling the API: the key in `Authorization: Bearer …` or `ww-api-key`, and what its scopes allow."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from typing_extensions import override

from merchants_app.api_keys import find_key
from merchants_app.models import ApiKey, Merchant, Scope


class ApiKeyAuthentication(BaseAuthentication):
    """By API key. Without one the answer is 401, with `WWW-Authenticate` saying what is wanted."""

    def authenticate(self, request: Request) -> tuple[Merchant, ApiKey] | None:
        """The merchant and the key; None when no key was sent at all."""
        secret = secret_of(request)
        if secret is None:
            return None
        key = find_key(secret)
        if key is None:
            raise AuthenticationFailed(
                "This API key does not exist or was revoked. Make another in the dashboard, under API keys.",
                code="invalid_api_key",
            )
        return key.merchant, key

    @override
    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """The key's scopes allow the method: `read` to look, `write` to change."""

    @override
    def has_permission(self, request: Request, view: object) -> bool:
        """True, or 403 naming the scope that is missing; False without a key (401)."""
        if not isinstance(request.auth, ApiKey):
            return False
        needed = Scope.READ if request.method in SAFE_METHODS else Scope.WRITE
        if needed not in request.auth.scopes:
            raise PermissionDenied(
                f"This API key lacks the scope '{needed}'. Make one that has it.", code="missing_scope"
            )
        return True


def claimed_secret(request: Request) -> str | None:
    """The same, for counting; None also when the header is malformed."""
    try:
        return secret_of(request)
    except AuthenticationFailed:
        return None


def secret_of(request: Request) -> str | None:
    """The secret as sent; clients of the original API send it alone in `ww-api-key`. None: none was sent."""
    header = request.META.get("HTTP_AUTHORIZATION", "").strip()
    if not header:
        return request.META.get("HTTP_WW_API_KEY", "").strip() or None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise AuthenticationFailed(
            "Send the API key as `Authorization: Bearer sk_…`.", code="invalid_authorization_header"
        )
    return str(secret.strip())

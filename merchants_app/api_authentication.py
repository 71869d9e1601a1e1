"""Who is calling the API: the key in `Authorization: Bearer …` or `ww-api-key`, and what its scopes allow."""

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from typing_extensions import override

from merchants_app.api_keys import key_with
from merchants_app.models import ApiKey, Merchant, Scope
from merchants_app.suspension import refuse_suspended

if TYPE_CHECKING:  # DRF's views, which it stands on, are made while this is loaded: the settings name it
    from merchants_app.api_dispatch import ApiRequest


class ApiKeyAuthentication(BaseAuthentication):
    """By API key. Without one the answer is 401, with `WWW-Authenticate` saying what is wanted."""

    @override
    def authenticate(self, request: "ApiRequest") -> tuple[Merchant, ApiKey] | None:  # type: ignore[override]
        """The merchant and the key; None when no key was sent at all."""
        if request.digest is None:
            return None
        key = key_with(request.digest)
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
    """The business is not suspended, and the key's scopes allow the method: `read` to look, `write` to change."""

    @override
    def has_permission(self, request: Request, view: object) -> bool:
        """True, or 403 naming the scope that is missing, or saying who is suspended; False without a key (401)."""
        if not isinstance(request.auth, ApiKey):
            return False
        refuse_suspended(request.auth.merchant)
        needed = Scope.READ if request.method in SAFE_METHODS else Scope.WRITE
        if needed not in request.auth.scopes:
            raise PermissionDenied(
                f"This API key lacks the scope '{needed}'. Make one that has it.", code="missing_scope"
            )
        return True


def claimed_digest(request: "ApiRequest") -> str | None:
    """The digest of the secret that was sent, for counting; None also when the header is malformed."""
    try:
        return request.digest
    except AuthenticationFailed:
        return None

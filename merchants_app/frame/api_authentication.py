"""Who is calling the API: the key in `Authorization: Bearer …` or `ww-api-key`, and what its scopes allow."""

from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from typing_extensions import override

from merchants_app.businesses.suspension import refuse_suspended
from merchants_app.keys.api_keys import allowed, is_over, key_with, why_not
from merchants_app.models import ApiKey, Merchant

if TYPE_CHECKING:  # DRF's views, which it stands on, are made while this is loaded: the settings name it
    from merchants_app.frame.api_request import ApiRequest


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
        if is_over(key):
            raise AuthenticationFailed(
                f"This API key ended at {key.expires_at:%Y-%m-%d %H:%M} UTC. Make another in the dashboard, under API "
                "keys.",
                code="expired_api_key",
            )
        return key.merchant, key

    @override
    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """The business is not suspended, and the key has the scope that the view names (`MerchantViewSet.scopes`)."""

    @override
    def has_permission(self, request: Request, view: Any) -> bool:
        """True, or 403 naming the scope that is missing, or saying who is suspended; False without a key (401)."""
        if not isinstance(request.auth, ApiKey):
            return False
        refuse_suspended(request.auth.merchant)
        action = view.action_map.get(str(request.method).lower())
        if action is None:
            return True  # nothing happens by this method: 405
        needed = view.scopes[action]
        if not allowed(request.auth, needed):
            raise PermissionDenied(why_not(request.auth, needed), code="missing_scope")
        return True


def claimed_digest(request: "ApiRequest") -> str | None:
    """The digest of the secret that was sent, for counting; None also when the header is malformed."""
    try:
        return request.digest
    except AuthenticationFailed:
        return None

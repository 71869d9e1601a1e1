"""The content security policy: our own files only, no inline scripts, no third party."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
)


class ContentSecurityMiddleware:
    """Sends the policy with every page that set none itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers the request with the policy in the header."""
        response = self.get_response(request)
        # A form's redirect must lead out to the shop (cancelUrl); browsers hold form-action against redirects too.
        leads_out = request.path.startswith("/pay/")
        response.setdefault(
            "Content-Security-Policy",
            _POLICY.format(form_action="'self' https: http:" if leads_out else "'self'"),
        )
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response

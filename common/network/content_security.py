"""The content security policy: our own files only, no inline scripts, no third party."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src {connect}; form-action {form_action}; base-uri 'none'; frame-ancestors {frame_ancestors}"
)
_FRAMED_BY = "tallystick.framed_by"
# For a page that is only to be looked at, in a frame on a page of ours: no script, no form, no way out of the frame.
PICTURE = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)


def content_security(
    *, leads_out: bool = False, framed_by: Sequence[str] = (), frames: bool = False, relay: str = ""
) -> str:
    """The header's value.

    `leads_out`: its forms may end at other sites, since browsers hold `form-action` against redirects too.
    `framed_by`: the origins whose pages may show it in a frame; none by default. `frames`: it shows pages of ours.
    `relay`: the origin of another site that its script connects to.
    """
    policy = _POLICY.format(
        connect=f"'self' {relay}" if relay else "'self'",
        form_action="'self' https: http:" if leads_out else "'self'",
        frame_ancestors=" ".join(framed_by) or "'none'",
    )
    return f"{policy}; frame-src 'self'" if frames else policy


def let_frame(request: HttpRequest, origins: Sequence[str]) -> None:
    """Kept with the request: a page of errors may answer it, which cannot ask whose pages may show it."""
    request.META[_FRAMED_BY] = tuple(origins)


def framers_of(request: HttpRequest) -> tuple[str, ...]:
    """The origins whose pages may show the answer in a frame; none as a rule."""
    origins: tuple[str, ...] = request.META.get(_FRAMED_BY, ())
    return origins


def framed(request: HttpRequest, response: HttpResponse, *, leads_out: bool = False, relay: str = "") -> HttpResponse:
    """Lets them, and nobody else. `leads_out` and `relay` are those of `content_security`."""
    origins = framers_of(request)
    policy = content_security(leads_out=leads_out, framed_by=origins, relay=relay)
    response["Content-Security-Policy"] = policy
    # The older header knows one origin at most. Browsers that know the policy ignore it; it stays where nobody may.
    response.xframe_options_exempt = bool(origins)
    return response

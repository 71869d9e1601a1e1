"""The content security policy: our own files only, no inline scripts, no third party."""

from collections.abc import Sequence

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action {form_action}; base-uri 'none'; frame-ancestors {frame_ancestors}"
)


def content_security(*, leads_out: bool = False, framed_by: Sequence[str] = ()) -> str:
    """The header's value.

    `leads_out`: its forms may end at other sites, since browsers hold `form-action` against redirects too.
    `framed_by`: the origins whose pages may show it in a frame; none by default.
    """
    return _POLICY.format(
        form_action="'self' https: http:" if leads_out else "'self'",
        frame_ancestors=" ".join(framed_by) or "'none'",
    )

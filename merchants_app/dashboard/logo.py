"""The picture of a business, for everybody who sees its pages: its address changes with it, so it is kept for ever."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from merchants_app.businesses.logos import png_of


@require_safe
def logo(_request: HttpRequest, digest: str) -> HttpResponse:
    """A PNG that we drew; nothing else ever stands here, whatever was sent."""
    png = png_of(digest)
    if png is None:
        raise Http404("There is no such picture.")
    return HttpResponse(
        png,
        content_type="image/png",
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )

"""What pages load at addresses of ours: the script for shops' own (`static/embed/tallystick.js`), and styles."""

from functools import lru_cache
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_safe

from merchants_app.businesses.brand import sheet_in

# A shop's buyers ask again once an hour at most, and have a mended script within that time.
_CACHED_SECONDS = 3600


@lru_cache(maxsize=1)
def _source() -> bytes:
    return (settings.BASE_DIR / "static" / "embed" / "tallystick.js").read_bytes()


def _version(_request: HttpRequest) -> str:
    return f'"{sha256(_source()).hexdigest()[:24]}"'


@require_safe
@gzip_page
@cache_control(public=True, max_age=_CACHED_SECONDS)
@etag(_version)
def tallystick_js(_request: HttpRequest) -> HttpResponse:
    """The script, for any page: also for one that takes only what says so (`Cross-Origin-Embedder-Policy`), or that
    compares its hash.
    """
    headers = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(_source(), content_type="text/javascript; charset=utf-8", headers=headers)


@require_safe
@gzip_page
def brand(_request: HttpRequest, color: str, version: str) -> HttpResponse:
    """The page's styles in a merchant's colour: the content security policy allows none in the page itself.

    Of the colour alone, so that they may be kept, and tell nothing of whose page they are on. Of another version, which
    a page asks for while servers are changed one by one, they are not kept.
    """
    sheet = sheet_in(f"#{color}")
    if sheet is None:
        return HttpResponse(status=404)
    response = HttpResponse(sheet.css, content_type="text/css")
    is_it = version == sheet.version
    response["Cache-Control"] = "public, max-age=31536000, immutable" if is_it else "no-cache"
    response["Content-Security-Policy"] = "default-src 'none'"  # it is no page, and a shorter answer
    return response

"""The script that shops put into their pages: `static/embed/tallystick.js` at an address that stays."""

from functools import lru_cache
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_safe

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

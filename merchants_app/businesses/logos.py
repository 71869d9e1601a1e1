"""A business's logo: whatever picture is sent is drawn anew, as a small PNG that holds its colours and nothing else.

What came is never kept or shown: it may hold a place where a photo was taken, a script, or more pixels than memory.
"""

import struct
import zlib
from hashlib import sha256
from io import BytesIO

from PIL import Image, ImageOps

from common.errors import DomainError
from merchants_app.models import LARGEST_LOGO, Logo, Merchant

# Bytes and pixels of a picture that is looked at, and pixels of one that is kept, each way.
LARGEST_UPLOAD = 500 * 1024
MOST_PIXELS = 10_000_000
WIDEST = 512
# Tried one after the other, until the picture is small enough; a drawing mostly is at once, a photo never.
_WIDTHS = (WIDEST, 384, 256, 192, 128)
_COLORS = 256
# Width and colours of the one that pages show, 40 pixels wide on screens that draw two for one. Most drawings are small
# enough at once; a photo is not, and a page's first view shall stay within 20 KB.
_SHOWN, _MOST_SHOWN = ((80, 256), (64, 128), (48, 64), (48, 16)), 2 * 1024
_FORMATS = ("PNG", "JPEG", "WEBP")
# All that Pillow raises for a file that is not what it says.
_UNREADABLE = (
    OSError, ValueError, SyntaxError, LookupError, EOFError, OverflowError, MemoryError, struct.error, zlib.error,
)  # fmt: skip
# And for one that says something odd about a photo, while it turns it.
_ODD = (AttributeError, TypeError, ArithmeticError)


class WrongLogo(DomainError):
    """The picture cannot be shown; the sentence says why, and what to send."""

    code = "wrong_logo"


def drawn_anew(picture: bytes) -> bytes:
    """The picture as a PNG of at most 512 × 512 pixels and 100 KB. Raises `WrongLogo`."""
    if len(picture) > LARGEST_UPLOAD:
        raise _wrong("The picture is larger than 500 KB. Send a smaller one: 512 pixels each way are enough.")
    if b"<svg" in picture[:2000].lower():
        raise _wrong("An SVG can hold scripts, so none is taken. Export it as a PNG of 512 × 512 pixels.")
    try:
        return _small(_opened(picture))
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except _UNREADABLE:
        raise _wrong("This is no PNG, JPEG or WebP that can be read. Save the picture anew, as a PNG.") from None


def digest_of(png: bytes, *, merchant: Merchant) -> str:
    """Names a business's picture in addresses; empty for none."""
    return sha256(f"{merchant.public_id}\n".encode() + png).hexdigest() if png else ""


def keep_logo(png: bytes, *, merchant: Merchant) -> None:
    """Shows this picture, which `drawn_anew` gave, from now on; empty: none. Within the change of its settings."""
    if png:
        digest = digest_of(png, merchant=merchant)
        fields = {"digest": digest, "png": png, "shown": as_shown(png), "shown_of": digest}
        Logo.objects.update_or_create(merchant=merchant, defaults=fields)
    else:
        Logo.objects.filter(merchant=merchant).delete()


def png_of(digest: str) -> bytes | None:
    """The picture at this address, as pages show it, if it still is somebody's."""
    kept = Logo.objects.filter(digest=digest)
    found = kept.first()
    if found is None:
        return None
    if found.shown_of == digest:
        return bytes(found.shown)
    shown = as_shown(bytes(found.png))
    kept.update(shown=shown, shown_of=digest)
    return shown


def as_shown(png: bytes) -> bytes:
    """A picture that `drawn_anew` gave, at most 80 × 80 pixels and 2 KB."""
    image = _opened(png)
    for width, colors in _SHOWN:
        fitting = image.copy()
        fitting.thumbnail((width, width), Image.Resampling.LANCZOS)
        small = min((_png(fitting), _png(fitting.quantize(colors, method=Image.Quantize.FASTOCTREE))), key=len)
        if len(small) <= _MOST_SHOWN:
            break
    return small


def _opened(picture: bytes) -> Image.Image:
    """In memory, upright, its first frame; what it would take there is known from its head, before it is unpacked."""
    image = Image.open(BytesIO(picture), formats=_FORMATS)
    if image.width * image.height > MOST_PIXELS:
        raise _too_many_pixels()
    try:
        upright = ImageOps.exif_transpose(image)
    except _ODD as error:
        raise ValueError from error
    return upright.convert("RGBA")


def _small(image: Image.Image) -> bytes:
    for width in _WIDTHS:
        fitting = image.copy()
        fitting.thumbnail((width, width), Image.Resampling.LANCZOS)
        for drawn in (fitting, fitting.quantize(_COLORS, method=Image.Quantize.FASTOCTREE)):
            if len(png := _png(drawn)) <= LARGEST_LOGO:
                return png
    raise _wrong("The picture cannot be made small enough. Send a simpler one.")


def _png(image: Image.Image) -> bytes:
    # Into a canvas of its own: what else was known of the picture (its place, its maker) stays behind.
    image.info.clear()
    file = BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _too_many_pixels() -> WrongLogo:
    return _wrong("The picture has more than 10 million pixels. Send a smaller one: 512 pixels each way are enough.")


def _wrong(sentence: str) -> WrongLogo:
    return WrongLogo(sentence, attr="logo")

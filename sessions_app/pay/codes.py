"""QR codes as pictures."""

from io import BytesIO
from typing import Literal

import segno


def qr_svg(text: str, *, error: Literal["l", "q"] = "l") -> bytes:
    """The text as an SVG that is white inside and has its quiet zone. `error`: how much of it may be hidden."""
    drawing = BytesIO()
    segno.make(text, error=error, micro=False).save(
        drawing, kind="svg", xmldecl=False, omitsize=True, border=4, dark="#000", light="#fff"
    )
    return drawing.getvalue()

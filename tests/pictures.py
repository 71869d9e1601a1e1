"""Pictures that businesses send as their logo."""

from io import BytesIO

from PIL import Image


def picture(
    kind: str = "PNG", size: tuple[int, int] = (64, 48), color: object = (10, 200, 30), **more: object
) -> bytes:
    """A plain area of one colour."""
    file = BytesIO()
    mode = "RGBA" if isinstance(color, tuple) and len(color) == 4 else "RGB"
    Image.new(mode, size, color).save(file, format=kind, **more)  # type: ignore[arg-type]
    return file.getvalue()

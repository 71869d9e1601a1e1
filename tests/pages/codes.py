"""Reads QR codes from the screen, as a phone's camera would: jsQR, which does not turn colours around by itself."""

from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Locator, Page

_JSQR = (Path(__file__).parents[2] / "node_modules/jsqr/dist/jsQR.js").read_text(encoding="utf-8")
_READ = """async picture => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data, width, height } = canvas.getImageData(0, 0, image.width, image.height);
  return jsQR(data, width, height, { inversionAttempts: "dontInvert" })?.data ?? null;
}"""


class CodeReader:
    """A blank page that reads pictures."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.evaluate(f"{_JSQR}; globalThis.jsQR = globalThis.jsQR ?? self.jsQR; undefined")

    def read(self, code: Locator) -> str | None:
        """What the code on the screen says; None when it cannot be read."""
        code.evaluate("image => { image.loading = 'eager'; return image.decode(); }")
        picture = b64encode(code.screenshot()).decode()
        text: str | None = self._page.evaluate(_READ, picture)
        return text

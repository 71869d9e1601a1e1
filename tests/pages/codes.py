"""Reads QR codes from the screen, as a phone's camera would: by jsQR and by zbar, which many apps are built on.

Neither turns colours around by itself. What only one of them reads is not read.
"""

from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Locator, Page

_PACKAGES = Path(__file__).parents[2] / "node_modules"
_JSQR = (_PACKAGES / "jsqr/dist/jsQR.js").read_text(encoding="utf-8")
_ZBAR = (_PACKAGES / "@undecaf/zbar-wasm/dist/inlined/index.js").read_text(encoding="utf-8")
_READ = """async picture => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const pixels = canvas.getImageData(0, 0, image.width, image.height);
  const { data, width, height } = pixels;
  const found = await zbarWasm.scanImageData(pixels);
  return {
    jsQR: jsQR(data, width, height, { inversionAttempts: "dontInvert" })?.data ?? "",
    zbar: found.length === 1 ? found[0].decode() : "",
  };
}"""


class CodeReader:
    """A blank page that reads pictures."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.evaluate(f"{_JSQR}; globalThis.jsQR = globalThis.jsQR ?? self.jsQR; undefined")
        page.evaluate(f"{_ZBAR}; globalThis.zbarWasm = globalThis.zbarWasm ?? self.zbarWasm; undefined")

    def faults(self, code: Locator, expected: str) -> list[str]:
        """Who reads something else from the code on the screen than this; Ethereum's addresses are the same in small
        letters."""
        code.evaluate("image => { image.loading = 'eager'; return image.decode(); }")
        picture = b64encode(code.screenshot()).decode()
        read: dict[str, str] = self._page.evaluate(_READ, picture)
        return [f"{reader} reads {text!r}" for reader, text in read.items() if expected.lower() not in text.lower()]

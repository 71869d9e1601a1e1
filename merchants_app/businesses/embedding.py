"""Which web shops may show a business's payment pages in a frame, and are told there how the payment goes."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from common.errors import DomainError
from common.modes import Mode
from merchants_app.models import Merchant

# Each is a part of a header of every payment page.
MOST_ORIGINS = 20
LONGEST_ORIGIN = 255
# What may stand in a policy's list of sources: nothing that ends it, and no wildcard, to which no message can be sent.
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_LOOPBACK = re.compile(r"localhost|.+\.localhost|127(\.[0-9]{1,3}){3}")
_USUAL_PORT = {"https": 443, "http": 80}


class WrongOrigin(DomainError):
    """Not an origin, or not one that may show payment pages."""

    code = "wrong_origin"


def origin_of(text: str) -> str:
    """The origin as browsers write it: https://shop.example, with the port where it is not the usual one.

    Raises `WrongOrigin`.
    """
    given = text.strip()
    shown = given[:80]
    if "*" in given:
        raise WrongOrigin(f"Name each host by itself instead of “{shown}”: a line for shop.example, one for www.")
    parts, host, port = _parts(given)
    if not host or parts.path.strip("/") or parts.query or parts.fragment or len(given) > LONGEST_ORIGIN:
        raise WrongOrigin(f"“{shown}” is no origin: give the scheme and the host alone, such as https://shop.example.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _LOOPBACK.fullmatch(host)):
        raise WrongOrigin(f"“{shown}” must begin with https://. Plain http is for localhost, in test mode.")
    is_usual = port in {None, _USUAL_PORT[parts.scheme]}
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def _parts(url: str) -> tuple[SplitResult, str, int | None]:
    """What it is made of, the host in ASCII; no host when there is none, or one that no policy could name."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # as UnicodeError is
        return urlsplit(""), "", None
    return parts, host if _HOST.fullmatch(host) and "@" not in parts.netloc else "", port


def origins_of(lines: Iterable[str]) -> list[str]:
    """Each origin once, in the order given; empty lines are none. Raises `WrongOrigin`."""
    origins = list(dict.fromkeys(origin_of(line) for line in lines if line.strip()))
    if len(origins) > MOST_ORIGINS:
        raise WrongOrigin(f"At most {MOST_ORIGINS} origins; these are {len(origins)}.")
    return origins


def embedders(merchant: Merchant, mode: str) -> list[str]:
    """The origins whose pages may show the business's payment pages of that mode in a frame."""
    return [each for each in merchant.embed_origins if mode == Mode.TEST or each.startswith("https://")]

"""Headers that a merchant wants on each message, such as a token for their firewall."""

import re
from collections.abc import Mapping

from cryptography.fernet import InvalidToken

from common.api.exact_json import loads_own
from common.encryption import decrypt
from webhooks_app.errors import WrongHeaders

MOST = 20
LONGEST = 1000
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# HTTP's own business, or what the receiver must be able to trust as ours.
_OURS = frozenset(
    {
        *("host", "connection", "keep-alive", "upgrade", "te", "trailer", "expect", "transfer-encoding"),
        *("content-length", "content-type", "accept-encoding", "user-agent"),
        *("proxy-authorization", "proxy-connection"),
    }
)


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises WrongHeaders, naming the header and what is wrong with it."""
    if len(headers) > MOST:
        raise WrongHeaders(f"At most {MOST} headers can be sent.", attr="headers")
    if len({name.lower() for name in headers}) < len(headers):
        raise WrongHeaders("A header is named twice; upper and lower case are the same.", attr="headers")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise WrongHeaders(f"{name[:80]!r} cannot be the name of a header.", attr="headers")
        if name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise WrongHeaders(f"{name} is set by Tallystick; choose another name.", attr="headers")
        if not value or len(value) > LONGEST or not (value.isascii() and value.isprintable()):
            raise WrongHeaders(
                f"The value of {name} must be 1 to {LONGEST} printable ASCII characters.", attr="headers"
            )


def headers_in(encrypted: str) -> dict[str, str] | None:
    """The headers of an endpoint's `headers_encrypted`; None when no key of today can read them."""
    try:
        return dict(loads_own(decrypt(encrypted))) if encrypted else {}
    except InvalidToken:
        return None


def header_names_in(encrypted: str) -> list[str] | None:
    """Only their names, which may be shown."""
    headers = headers_in(encrypted)
    return None if headers is None else sorted(headers)

"""Signs and checks: JSON Web Signatures (RFC 7515) over canonical JSON, with Ed25519 (RFC 8032, RFC 9864)."""

import json
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from sessions_app.receipts.keys import CURVE, key_of

_KIND = "tallystick-receipt+jws"


def signed(content: dict[str, Any], key: OKPKey) -> str:
    """Compact: three parts in base64url, with dots between them."""
    header = {"alg": CURVE, "kid": key.kid, "typ": _KIND}
    return jws.serialize_compact(header, canonical(content), key, algorithms=[CURVE])


def checked(signature: str) -> dict[str, Any] | None:
    """What was signed, if one of our keys signed exactly that as a receipt; else None."""
    try:
        header = jws.extract_compact(signature.encode()).headers()
        key = key_of(str(header.get("kid", "")))
        if key is None or header.get("typ") != _KIND:
            return None
        content = json.loads(jws.deserialize_compact(signature, key, algorithms=[CURVE]).payload or b"")
    except (JoseError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def as_json(signature: str) -> dict[str, Any]:
    """The same as flattened JSON (RFC 7515, 7.2.2), and beside it what was signed, to be read."""
    protected, payload, signed_part = signature.split(".")
    content = json.loads(jws.extract_compact(signature.encode()).payload or b"{}")
    return {"payload": payload, "protected": protected, "signature": signed_part, "receipt": content}


def kid_of(signature: str) -> str:
    """Which key it says to be of."""
    return str(jws.extract_compact(signature.encode()).headers().get("kid", ""))


def canonical(content: dict[str, Any]) -> bytes:
    """One way to write it: names sorted, no spaces, UTF-8. It holds no numbers but whole ones."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

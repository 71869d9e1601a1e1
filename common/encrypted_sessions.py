"""How browser sessions are kept: encrypted, because a form may wait in one while its sender is asked who they are."""

import json
from typing import Any

from common.encryption import decrypt, encrypt


class EncryptedSerializer:
    """For `SESSION_SERIALIZER`. A session that another key wrote, or none, is an empty one: sign in again."""

    def dumps(self, obj: dict[str, Any]) -> bytes:
        """The session for the database."""
        return encrypt(json.dumps(obj, separators=(",", ":"))).encode("ascii")

    def loads(self, data: bytes) -> dict[str, Any]:
        """The session again. Raises `cryptography.fernet.InvalidToken`, for which Django begins a new one."""
        loaded: dict[str, Any] = json.loads(decrypt(data.decode("ascii")))
        return loaded

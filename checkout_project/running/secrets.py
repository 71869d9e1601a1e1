"""Secrets of an embedded installation: made once, kept under DATA_DIR, readable by its owner only."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

# What each secret is made by. SECRET_KEY signs cookies; ENCRYPTION_KEYS is a Fernet key for secrets at rest.
MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "ENCRYPTION_KEYS": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "VALKEY_PASSWORD": lambda: secrets.token_urlsafe(32),
}


def secrets_of(folder: Path) -> dict[str, str]:
    """The secrets kept in this folder, made where missing: losing ENCRYPTION_KEYS loses what they encrypted."""
    file = folder / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    made = {name: make() for name, make in MAKERS.items() if name not in kept}
    if made:
        write_private(file, json.dumps(kept | made, indent=2))
    return kept | made


def demo_file(folder: Path) -> Path:
    """Where the demo's password and API key are kept, and nowhere else: the database has only their hashes."""
    return folder / "demo.json"


def write_private(file: Path, text: str) -> None:
    """Writes the file whole or not at all, with access for its owner only."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)

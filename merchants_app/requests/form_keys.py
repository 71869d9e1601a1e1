"""The keys by which a form of a page that is sent twice is known, among the `Idempotency-Key`s of shops."""

import hashlib

# As PostgreSQL matches them.
FORM_KEYS = "^form:[0-9a-f]{64}$"


def form_key(typed: str) -> str:
    """The key of a form that was filled in so; with another word in it, it is another form."""
    return f"form:{hashlib.sha256(typed.encode()).hexdigest()}"

"""API keys: made, found, handed over, revoked."""

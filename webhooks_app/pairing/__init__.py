"""A shop that is connected: an owner's consent, a code for a moment, then a key and an endpoint."""

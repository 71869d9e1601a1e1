"""The links that lead from the buyer's page back to the shop."""

from urllib.parse import quote, urlsplit, urlunsplit


def with_session_id(url: str, session_id: str) -> str:
    """The shop's URL with `session_id` added to its query; what it holds already, fragment included, stays as it is."""
    parts = urlsplit(url)
    added = f"session_id={quote(session_id, safe='')}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))

"""Where a process of ours listens: the address that `HOST` gives."""

import os
from socket import AF_INET, AF_INET6, AddressFamily


def own_host() -> str:
    """`HOST`, or this machine alone."""
    return os.environ.get("HOST") or "127.0.0.1"


def family_of(host: str) -> AddressFamily:
    """Python's sockets and servers want it said beforehand."""
    return AF_INET6 if ":" in host else AF_INET

"""Where a process of ours listens: the address that `HOST` gives."""

from socket import AF_INET, AF_INET6, AddressFamily


def family_of(host: str) -> AddressFamily:
    """Python's sockets and servers want it said beforehand."""
    return AF_INET6 if ":" in host else AF_INET

"""What the system does for us on the web process's connections."""

import os
import socket
import stat
from pathlib import Path

# For an answer that nobody takes off the line. A phone in a tunnel needs less.
DEAF_SECONDS = 30
_OWN_FILES = Path("/proc/self/fd")


def forget_deaf_clients(seconds: int = DEAF_SECONDS) -> None:
    """Ends connections whose other side reads nothing of its answer for so long; new ones inherit it from the listener.

    The server has no time limit for sending. Linux only: elsewhere Tallystick is tried out, not attacked.
    """
    if not (hasattr(socket, "TCP_USER_TIMEOUT") and _OWN_FILES.is_dir()):
        return
    for name in os.listdir(_OWN_FILES):
        _limit_if_listener(int(name), seconds)


def _limit_if_listener(number: int, seconds: int) -> None:
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return
        copy = socket.socket(fileno=os.dup(number))
    except OSError:
        return  # closed meanwhile
    with copy:
        is_internet = copy.family in {socket.AF_INET, socket.AF_INET6} and copy.type == socket.SOCK_STREAM
        if is_internet and copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)

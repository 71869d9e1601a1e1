"""What the system does for the web process's connections."""

import os
import select
import socket

import pytest

from checkout_project.web.sockets import forget_deaf_clients

pytestmark = pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux only")


def test_whoever_reads_nothing_of_an_answer_is_forgotten_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as deaf:
        forget_deaf_clients(seconds=2)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(listener.getsockname())
        answering, _ = listener.accept()
        with answering:
            answering.setblocking(False)
            while select.select([], [answering], [], 0.5)[1]:
                answering.send(b"x" * 65536)
            answering.settimeout(60)
            with pytest.raises(OSError, match="timed out") as found:
                answering.sendall(b"x" * 65536)
            assert found.value.errno is not None  # the system's word, not the end of our own patience


def test_looking_for_the_listener_leaves_no_file_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    forget_deaf_clients()
    assert len(os.listdir("/proc/self/fd")) == before

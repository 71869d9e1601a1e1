"""Whose name server is slow waits among its own kind; whose is quick never does, and a name can come back."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from common.network import outbound_http
from common.network.outbound_http import SystemResolver

LOOK_UP = socket.getaddrinfo


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[float]], None]:
    """`name_server("slow.example", [0.2, 0])`: how long it takes each time to answer for a name; the last one stays."""
    monkeypatch.setattr(outbound_http, "SLOW_NAME_SECONDS", 0.05)
    monkeypatch.setattr(outbound_http, "SLOW_NAMES_THREADS", 1)
    delays: dict[str, list[float]] = {}

    def look_up(host: str, *args: Any, **options: Any) -> Any:
        rounds = delays.get(host)
        if rounds is None:
            return LOOK_UP(host, *args, **options)
        threading.Event().wait(rounds.pop(0) if len(rounds) > 1 else rounds[0])
        return LOOK_UP("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return lambda name, rounds: delays.update({name: rounds})


@pytest.mark.parametrize("rounds", [[0.0], [0.1, 0.0]], ids=["always quick", "quick again"])
def test_a_quick_name_does_not_wait_for_slow_ones(
    name_server: Callable[[str, list[float]], None], rounds: list[float]
) -> None:
    name_server("shop.example", rounds)
    name_server("slow.example", [0.1, 3.0])

    async def run() -> float:
        resolver = SystemResolver()
        loop = asyncio.get_running_loop()
        for name in ("slow.example", "shop.example", "shop.example"):
            await resolver.resolve(name)
        waiting = asyncio.create_task(resolver.resolve("slow.example"))  # the one thread for slow names is taken
        await asyncio.sleep(0)
        began = loop.time()
        await resolver.resolve("shop.example")
        took = loop.time() - began
        await waiting
        await resolver.close()
        return took

    assert asyncio.run(run()) < 1.5


def test_a_slow_name_waits_among_its_own_kind(name_server: Callable[[str, list[float]], None]) -> None:
    name_server("slow.example", [0.1, 1.0])
    name_server("slower.example", [0.1, 0.0])

    async def run() -> float:
        resolver = SystemResolver()
        loop = asyncio.get_running_loop()
        for name in ("slow.example", "slower.example"):
            await resolver.resolve(name)
        waiting = asyncio.create_task(resolver.resolve("slow.example"))
        await asyncio.sleep(0)
        began = loop.time()
        await resolver.resolve("slower.example")
        took = loop.time() - began
        await waiting
        await resolver.close()
        return took

    assert asyncio.run(run()) > 0.5

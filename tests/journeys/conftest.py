"""What journeys share: one running gateway with a node beside it, and a shop that listens."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from checkout_project.running import devchain
from checkout_project.running.children import free_port
from tests.cast import terms
from tests.loopback import ON_LOOPBACK
from tests.shop import Shop
from tests.stack import Stack, real_database


@dataclass
class World:
    """The gateway, the node and the shop."""

    stack: Stack
    node: devchain.Devchain
    shop: Shop
    relay_port: int  # where a relay of WalletConnect's may listen

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the API with the demo merchant's key; the answer's JSON."""
        url = f"{self.stack.url}/api/v1/{path}"
        response = httpx.request(method, url, json=body, headers=self.stack.authorization, timeout=20, **ON_LOOPBACK)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    def open_session(self, **changes: Any) -> dict[str, Any]:
        """A new session that leads back to the shop."""
        body = terms(successUrl=f"{self.shop.url}/thanks?order=7", cancelUrl=f"{self.shop.url}/cart", **changes)
        return dict(self.call("POST", "checkout", body | {"amount": float(body["amount"])}))

    def rpc(self, method: str, params: list[Any]) -> Any:
        """What a wallet's provider asks of its node."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = httpx.post(self.node.url, json=request, timeout=20, **ON_LOOPBACK).json()
        assert "error" not in answer, answer
        return answer["result"]


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything running, as `make run` runs it."""
    program = devchain.binary()
    assert program is not None, f"The journey needs the devchain: {devchain.what_is_missing()}."
    folder: Path = tmp_path_factory.mktemp("devchain")
    node = devchain.Devchain(program=program, folder=folder)
    node.start()
    relay_port = free_port()
    env = {"RPC_URL_DEVCHAIN": node.url, "WALLETCONNECT_RELAY": f"ws://127.0.0.1:{relay_port}"}
    try:
        with (
            real_database() as database,
            Shop() as shop,
            Stack(database_url=database, env=env) as stack,
        ):
            world = World(stack, node, shop, relay_port)
            shop.secret = world.call("POST", "webhook-endpoints", {"url": f"{shop.url}/hooks"})["secret"]
            yield world
    finally:
        node.stop()

"""A facilitator on loopback that does as it is told, and networks on which a token takes signed transfers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from chains_app.calls.facilitator import forget_supported
from tests.loopback import Asked, LoopbackServer, Reply, Response

TX_HASH = "0x" + "5e" * 32
DEVCHAIN = "eip155:31337"
# Anvil's account 4: Pat's wallet, whose key everybody knows.
PAT: LocalAccount = Account.from_key("0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a")

NETWORKS = """
[devchain]
name = "Devchain"
chain_id = 31337
mode = "test"
block_seconds = 2
confirmations = { small = 2, normal = 3, large = 5 }
explorer = "https://devchain.example"
public_rpc_urls = ["https://rpc.devchain.example"]
paymaster = "https://paymaster.devchain.example"
assets.ETH = { name = "Ether", decimals = 18 }
[devchain.assets.USDC]
name = "USD Coin"
contract = "CONTRACT"
decimals = 6
peg = "USD"
eip3009 = { name = "USD Coin", version = "2" }
"""
USDC = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def networks_file(folder: Path, contract: str = USDC) -> str:
    """A devchain whose USDC is Circle's; answers the path for NETWORKS_FILE."""
    path = folder / "networks.toml"
    path.write_text(NETWORKS.replace("CONTRACT", contract), encoding="utf-8")
    return str(path)


class Facilitator(LoopbackServer):
    """Says yes to everything, unless `says` has another answer for a path: a Response, or JSON for it."""

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, Any] = {}

    def respond(self, asked: Asked) -> Response:
        answer = self.says.get(asked.path, _YES[asked.path])
        if callable(answer):
            answer = answer()
        if isinstance(answer, dict):
            return Reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})
        return answer  # type: ignore[no-any-return]

    def times(self, path: str) -> int:
        """How often it was asked that."""
        return self.paths.count(path)


_YES = {
    "/supported": {"kinds": [{"x402Version": 2, "scheme": "exact", "network": DEVCHAIN}]},
    "/verify": {"isValid": True, "payer": PAT.address},
    "/settle": {"success": True, "transaction": TX_HASH, "network": DEVCHAIN, "payer": PAT.address},
}


def signature_of(typed_data: dict[str, Any], wallet: LocalAccount = PAT) -> bytes:
    """As a wallet signs typed data."""
    return bytes(wallet.sign_typed_data(full_message=typed_data).signature)


@pytest.fixture
def facilitator(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Facilitator]:
    """Says yes to everything, until a test tells it otherwise."""
    forget_supported()
    # Nobody listens there: what asks the chain whether a contract signed learns nothing.
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:1")
    settings.NETWORKS_FILE = networks_file(tmp_path)
    with Facilitator() as server:
        settings.FACILITATOR_URL = server.url
        yield server
    forget_supported()

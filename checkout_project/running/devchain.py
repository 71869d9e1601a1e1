"""A local EVM node with test tokens, when Node is there: chain id 31337, kept under DATA_DIR between starts."""

import json
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from checkout_project.running import children
from checkout_project.running.errors import CannotRunError

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "chains_app" / "contracts" / "test_artifacts.json"
CHAIN_ID = 31337
PREFERRED_PORT = 8545
START_SECONDS = 20.0
# The first accounts of anvil's public development mnemonic. The node signs for them; nobody else needs a key.
DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
FAUCET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
# Where the deployer's first and second transaction put what they create; networks.toml names the same.
TOKENS = {
    "TestUSDC": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    "TestUSDT": "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
}
FAUCET_UNITS = 1_000_000 * 10**6
_MINT = "0x40c10f19"  # mint(address,uint256)
_BALANCE_OF = "0x70a08231"  # balanceOf(address)
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def binary() -> Path | None:
    """anvil's program inside its npm package, or None when it is not installed."""
    name = f"anvil-{_SYSTEMS.get(platform.system())}-{_MACHINES.get(platform.machine())}"
    path = ROOT / "node_modules" / "@foundry-rs" / name / "bin" / "anvil"
    return path if path.exists() else None


def what_is_missing() -> str | None:
    """One line for somebody who would like the devchain, or None when all is there."""
    if binary() is not None:
        return None
    if shutil.which("npm") is None:
        return "Node.js is not installed (`node` 20 or newer and `npm`)"
    return "its packages are not installed (`npm install --no-save`)"


class Devchain:
    """One anvil process, a block a second, its state written to disk when it ends."""

    def __init__(self, *, program: Path, folder: Path) -> None:
        self._program, self._folder, self._log = program, folder, folder / "log"
        self.port = PREFERRED_PORT if children.is_free(PREFERRED_PORT) else children.free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=START_SECONDS, trust_env=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the node where it left off and deploys the tokens when they are new. Raises CannotRunError."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Starts the process, and does not wait for it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        state = self._folder / "state.json"
        _set_aside_if_broken(state)
        command = [str(self._program), "--host=127.0.0.1", f"--port={self.port}", f"--chain-id={CHAIN_ID}"]
        with self._log.open("wb") as output:
            self._process = children.start(
                [*command, f"--state={state}", "--block-time=1", "--quiet"], output=output, folder=self._folder
            )

    def wait(self) -> None:
        """Until it answers, with its tokens. Raises CannotRunError."""
        try:
            _wait_until(self._answers)
            self._deploy_tokens()
        except CannotRunError:
            self.stop()
            raise
        except (httpx.HTTPError, KeyError, TimeoutError) as problem:
            self.stop()
            raise CannotRunError(f"{problem}. {self._log.read_text(errors='replace')[-600:]}".strip()) from problem
        finally:
            self._client.close()

    def stop(self) -> None:
        children.stop(self._process)

    def poll(self) -> int | None:
        return self._process.poll() if self._process else None

    def _answers(self) -> bool:
        if self.poll() is not None:
            raise TimeoutError(f"anvil ended with {self.poll()}")
        try:
            return int(self._ask("eth_chainId"), 16) == CHAIN_ID
        except httpx.TransportError:
            return False

    def _deploy_tokens(self) -> None:
        """Makes what is not there yet. All tokens before any minting: addresses follow the count of transactions."""
        artifacts = json.loads(ARTIFACTS.read_text(encoding="utf-8"))["contracts"]
        faucet = FAUCET.removeprefix("0x").lower().zfill(64)
        for name, address in TOKENS.items():
            if self._ask("eth_getCode", address, "latest") == "0x":
                self._send({"data": artifacts[name]["bytecode"]})
            if self._ask("eth_getCode", address, "latest") == "0x":
                raise CannotRunError(f"{name} is not at {address}: stop, remove {self._folder} and start again")
        for address in TOKENS.values():
            if int(self._ask("eth_call", {"to": address, "data": _BALANCE_OF + faucet}, "latest"), 16) == 0:
                self._send({"to": address, "data": f"{_MINT}{faucet}{FAUCET_UNITS:064x}"})

    def _send(self, transaction: dict[str, str]) -> None:
        """Sends as the deployer and mines at once: a start need not wait for the next second."""
        tx_hash = self._ask("eth_sendTransaction", {"from": DEPLOYER, "gas": hex(5_000_000)} | transaction)
        self._ask("evm_mine")
        _wait_until(lambda: self._ask("eth_getTransactionReceipt", tx_hash) is not None)
        if int(self._ask("eth_getTransactionReceipt", tx_hash)["status"], 16) != 1:
            raise CannotRunError(f"the node refused transaction {tx_hash}")

    def _ask(self, method: str, *params: object) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._client.post(self.url, json=request).json()
        if "error" in answer:
            raise CannotRunError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]


def _set_aside_if_broken(state: Path) -> None:
    """A state that was cut short while being written would stop every start; a new chain is the lesser loss."""
    try:
        json.loads(state.read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        state.replace(state.with_suffix(".broken"))


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"anvil did not answer within {START_SECONDS:.0f} s")
        time.sleep(0.03)

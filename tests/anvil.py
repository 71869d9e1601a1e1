"""A real EVM node for tests: anvil from the pinned npm package, on a free loopback port.

    with Anvil() as node:                                   # or Anvil(block_time=1), Anvil(mine_by_hand=True)
        token = node.deploy(TEST_ARTIFACTS["TestUSDC"])
        node.execute(token, "mint(address,uint256)", pat, 5_000_000)
        assert node.read(token, "balanceOf(address)(uint256)", pat) == 5_000_000

The ten accounts of anvil's well-known development mnemonic are unlocked: the node signs, tests hold no key.
Functions are named by their signature, results in a second pair of brackets (as foundry's `cast` does).
"""

import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import httpx
from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address

from tests.abi import call_data as call_data
from tests.abi import decoded
from tests.loopback import ON_LOOPBACK

ROOT = Path(__file__).resolve().parent.parent
CHAIN_ID = 31337
START_SECONDS = 20.0
RECEIPT_SECONDS = 20.0
ETHER = 10**18

Receipt = dict[str, Any]

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")


class AnvilMissing(RuntimeError):
    """The npm packages are not installed; the message says how to get them."""


class RpcError(RuntimeError):
    """The node answered a call with an error; `.error` is its error object."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message')}")
        self.error = error


class Reverted(AssertionError):
    """A transaction was mined and failed; `.receipt` has it."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"transaction {receipt['transactionHash']} failed in block {receipt['blockNumber']}")
        self.receipt = receipt


# What is said of one that the contract refuses: by the node that was to estimate its gas, or of it once it is mined.
FAILS = "revert|out of gas|failed in block"


def anvil_binary() -> Path:
    """Path of the binary inside the npm package. Raises AnvilMissing."""
    return npm_binary("anvil")


def npm_binary(tool: str) -> Path:
    """The same of another of foundry's tools."""
    name = f"{tool}-{_SYSTEMS.get(platform.system())}-{_MACHINES.get(platform.machine())}"
    path = ROOT / "node_modules" / "@foundry-rs" / name / "bin" / tool
    if not path.exists():
        raise AnvilMissing(f"{tool} is not installed: run `npm ci` in the project's folder (Node 20 or newer)")
    return path


class Anvil:
    """One node process. Use as a context manager, or start() and stop()."""

    def __init__(
        self,
        *,
        block_time: float | None = None,
        mine_by_hand: bool = False,
        hardfork: str | None = None,
        port: int = 0,
        options: tuple[str, ...] = (),
    ) -> None:
        """block_time: seconds between blocks; without it each transaction gets a block at once.

        mine_by_hand: blocks come from mine() only. port 0 takes a free one. options go to anvil as they are.
        """
        self.chain_id = CHAIN_ID
        self.port = port
        self._flags = ["--no-mining"] * mine_by_hand + list(options)
        self._flags += [f"--block-time={block_time}"] * (block_time is not None)
        self._flags += [f"--hardfork={hardfork}"] * (hardfork is not None)
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=30, **ON_LOOPBACK)
        self._next_id = 0

    # --- the process

    def start(self) -> Self:
        """Starts the node and waits until it listens. Raises RuntimeError, with its output, if it does not."""
        # A file and not a pipe: a pipe that nobody reads blocks the node once it is full.
        with tempfile.TemporaryFile() as log:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            deadline = time.monotonic() + START_SECONDS
            while time.monotonic() < deadline and self._process.poll() is None:
                if found := _LISTENING.search(_all_of(log)):
                    self.port = int(found.group(1))
                    self.accounts: list[str] = [to_checksum_address(a) for a in self.rpc("eth_accounts")]
                    return self
                time.sleep(0.02)
            output = _all_of(log)
        self.stop()
        raise RuntimeError(f"anvil did not start within {START_SECONDS:.0f} s:\n{output[-2000:]}")

    def _command(self) -> list[str]:
        return [str(anvil_binary()), "--host=127.0.0.1", f"--port={self.port}", "--threads=1", *self._flags]

    def stop(self) -> None:
        """Ends the node; harmless when it has ended."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._client.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- talking to it

    def rpc(self, method: str, params: list[Any] | None = None) -> Any:
        """The `result` of one JSON-RPC call. Raises RpcError with the node's message."""
        self._next_id += 1
        request = {"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params or []}
        answer = self._client.post(self.url, json=request).json()
        if "error" in answer:
            raise RpcError(method, answer["error"])
        return answer["result"]

    def rpc_all(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """The results of many calls, asked in one request. Raises RpcError for the first that failed."""
        requests = [{"jsonrpc": "2.0", "id": i, "method": m, "params": p} for i, (m, p) in enumerate(calls)]
        answers = sorted(self._client.post(self.url, json=requests).json(), key=lambda answer: answer["id"])
        for (method, _), answer in zip(calls, answers, strict=True):
            if "error" in answer:
                raise RpcError(method, answer["error"])
        return [answer["result"] for answer in answers]

    def send(
        self,
        *,
        to: str | None = None,
        data: str = "0x",
        value: int = 0,
        sender: str | None = None,
        gas: int | None = None,
    ) -> Receipt:
        """Sends from an unlocked account (the first, if none is named) and waits for the receipt.

        value in wei. Raises Reverted when it failed on chain, RpcError when the node refused it.
        """
        return self.receipt(self.post(to=to, data=data, value=value, sender=sender, gas=gas))

    def post(
        self,
        *,
        to: str | None = None,
        data: str = "0x",
        value: int = 0,
        sender: str | None = None,
        gas: int | None = None,
    ) -> str:
        """Sends without waiting; the transaction's hash."""
        transaction = {"from": sender or self.accounts[0], "data": data, "value": hex(value)}
        transaction |= {"to": to} if to is not None else {}
        transaction |= {"gas": hex(gas)} if gas is not None else {}
        return str(self.rpc("eth_sendTransaction", [transaction]))

    def receipt(self, transaction_hash: str) -> Receipt:
        """Waits for the receipt, for at most 20 s. Raises Reverted, TimeoutError."""
        deadline = time.monotonic() + RECEIPT_SECONDS
        while time.monotonic() < deadline:
            receipt: Receipt | None = self.rpc("eth_getTransactionReceipt", [transaction_hash])
            if receipt is not None:
                if int(receipt["status"], 16) != 1:
                    raise Reverted(receipt)
                return receipt
            time.sleep(0.01)
        raise TimeoutError(f"{transaction_hash} was not mined within {RECEIPT_SECONDS:.0f} s")

    def deploy(self, artifact: Mapping[str, Any], *args: object, sender: str | None = None, value: int = 0) -> str:
        """Checksummed address of a new contract; constructor types are read from the artifact's ABI."""
        constructors = [entry for entry in artifact["abi"] if entry["type"] == "constructor"]
        types = [collapse_if_tuple(entry) for each in constructors for entry in each["inputs"]]
        receipt = self.send(data=artifact["bytecode"] + encode(types, args).hex(), sender=sender, value=value)
        return to_checksum_address(receipt["contractAddress"])

    def execute(self, to: str, signature: str, *args: object, sender: str | None = None, value: int = 0) -> Receipt:
        """Sends a transaction that calls `name(types)`."""
        return self.send(to=to, data=call_data(signature, *args), sender=sender, value=value)

    def read(self, to: str, signature: str, *args: object) -> Any:
        """Result of `name(types)(result types)` by eth_call: the bare value if there is one, else a tuple."""
        result = self.rpc("eth_call", [{"to": to, "data": call_data(signature, *args)}, "latest"])
        return decoded(signature, result)

    # --- looking

    def balance(self, address: str) -> int:
        """In wei."""
        return int(self.rpc("eth_getBalance", [address, "latest"]), 16)

    def token_balance(self, token: str, address: str) -> int:
        """In the token's base units."""
        return int(self.read(token, "balanceOf(address)(uint256)", address))

    def code(self, address: str) -> str:
        """0x-hex of the deployed code; `0x` when there is none."""
        return str(self.rpc("eth_getCode", [address, "latest"]))

    def head(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    # --- bending the chain

    def mine(self, blocks: int = 1) -> None:
        self.rpc("anvil_mine", [hex(blocks)])

    def reorg(self, depth: int) -> None:
        """Replaces the last `depth` blocks by empty ones of other hashes; their transactions are gone."""
        self.rpc("anvil_reorg", [depth, []])

    def drop(self, transaction_hash: str) -> None:
        """Takes a transaction out of the mempool."""
        self.rpc("anvil_dropTransaction", [transaction_hash])

    def snapshot(self) -> str:
        return str(self.rpc("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Goes back to a snapshot, which is used up by that."""
        self.rpc("evm_revert", [snapshot])

    def next_block_time(self, timestamp: int) -> None:
        """Unix seconds of the next block."""
        self.rpc("evm_setNextBlockTimestamp", [timestamp])

    def set_balance(self, address: str, wei: int) -> None:
        self.rpc("anvil_setBalance", [address, hex(wei)])

    def set_code(self, address: str, code: str) -> None:
        self.rpc("anvil_setCode", [address, code])

    def impersonate(self, address: str) -> None:
        """Lets the node send from an address whose key nobody has (a contract, for example)."""
        self.rpc("anvil_impersonateAccount", [address])


def _all_of(log: IO[bytes]) -> str:
    """What was written so far; a positioned read, because seeking would move the node's own write position."""
    return os.pread(log.fileno(), 1_000_000, 0).decode(errors="replace")

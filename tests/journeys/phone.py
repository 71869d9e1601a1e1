"""A wallet on a phone, and the relay of WalletConnect's between it and the page: both in walletconnect.mjs."""

import json
import subprocess
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Any, Self

_SCRIPT = Path(__file__).with_name("walletconnect.mjs")
_PATIENCE = 20.0  # seconds


class Phone:
    """Use as a context manager. Its account is one that the node signs for."""

    def __init__(self, *, port: int, node: str, chain_id: int, account: str) -> None:
        self._command = ["node", str(_SCRIPT), str(port), node, str(chain_id), account]
        self._told: Queue[dict[str, Any]] = Queue()
        self._all: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.next("listens")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()  # it ends then
        self._process.wait(_PATIENCE)
        self._reader.join()

    def scan(self, uri: str, behaves: str) -> None:
        """As its camera would; walletconnect.mjs has the ways to behave."""
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps({'uri': uri, 'behaves': behaves})}\n")
        self._process.stdin.flush()

    def next(self, what: str) -> dict[str, Any]:
        """The next thing of that name that happens there; what comes before it is passed over. Raises queue.Empty."""
        while what not in (happened := self._told.get(timeout=_PATIENCE)):
            pass
        return happened

    def all(self, what: str) -> list[dict[str, Any]]:
        """All of that name that has happened so far."""
        return [happened for happened in self._all if what in happened]

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            happened = json.loads(line)
            self._all.append(happened)
            self._told.put(happened)

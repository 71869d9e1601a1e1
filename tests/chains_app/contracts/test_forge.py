"""Forge plays buyers, merchants and strangers in random order, and looks whether anybody but the treasury gained.

`forge/Invariants.t.sol` says what always holds; `make contracts` plays longer. npm's pinned solc compiles.
"""

import re
import subprocess
from pathlib import Path

from tests.anvil import npm_binary
from tests.chains_app.contracts.care import lay_out


def test_only_the_treasury_gains_whatever_is_done_in_whatever_order(tmp_path: Path) -> None:
    done = subprocess.run(
        [npm_binary("forge"), "test", "--color", "never", "--fuzz-seed", "7"],
        cwd=lay_out(tmp_path / "project"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    assert re.search(r"1 passed; 0 failed", said), said[-4000:]

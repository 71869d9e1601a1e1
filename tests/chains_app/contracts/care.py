"""`make contracts`: the long look at the contracts. Forge's invariants many times over, halmos' proofs, and slither.

halmos and slither (from PyPI) live in an environment of their own, .venv-contracts: they need fifty packages that
nothing else does.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.anvil import ROOT, npm_binary

HERE = Path(__file__).parent / "forge"
CONTRACTS = ROOT / "chains_app" / "contracts"
_VENV = ROOT / ".venv-contracts"
_LOCK = ROOT / "requirements-contracts.lock"
# How much halmos leaves unknown of a call of the factory: up to two groups, the first with up to two deposits. The
# loops are followed to their end, and the solver has as long as it takes.
_UNKNOWN = [
    "--loop", "66", "--array-lengths", "groups={1,2},groups[0].salts={1,2},groups[1].salts=1",
    "--solver-timeout-assertion", "0",
]  # fmt: skip
_LONG = {"FOUNDRY_INVARIANT_RUNS": "128", "FOUNDRY_INVARIANT_DEPTH": "100"}


def lay_out(folder: Path) -> Path:
    """What forge works on: a copy of the contracts, our invariants, and a way to npm's solc."""
    skipped = shutil.ignore_patterns("*.mjs", "*.json", "Nasty*")
    shutil.copytree(CONTRACTS, folder / "contracts", ignore=skipped)
    (folder / "test").mkdir(parents=True)
    shutil.copy(HERE / "Invariants.t.sol", folder / "test")
    for name in ("foundry.toml", "solc.mjs", "slither.config.json"):
        shutil.copy(HERE / name, folder)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def main() -> int:
    """Exit code: 0 when all three found nothing."""
    tools = _tools()
    forge = npm_binary("forge")
    with_forge = os.environ | {"PATH": f"{forge.parent}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        project = lay_out(Path(folder))
        tested = subprocess.run([forge, "test"], cwd=project, env=os.environ | _LONG, check=False)
        shutil.copy(HERE / "Proof.t.sol", project / "test")
        proof = [tools / "halmos", "--contract", "ProofTest", "--no-status", *_UNKNOWN]
        proven = subprocess.run(proof, cwd=project, env=with_forge, check=False)
        # slither reads what is deployed, and neither the tests nor their tokens.
        shutil.rmtree(project / "test")
        shutil.rmtree(project / "contracts" / "testing")
        subprocess.run([forge, "build", "--force", "--build-info"], cwd=project, check=True)
        slither = [tools / "slither", ".", "--foundry-ignore-compile"]
        read = subprocess.run(slither, cwd=project, env=with_forge, check=False)
    return tested.returncode or proven.returncode or read.returncode


def _tools() -> Path:
    """Where they are; installs them once, and again when the list of them changed."""
    noted, wanted = _VENV / "installed.lock", _LOCK.read_bytes()
    if not noted.exists() or noted.read_bytes() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", _VENV], check=True)
        pip = [_VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", _LOCK], check=True)
        noted.write_bytes(wanted)
    return _VENV / "bin"


if __name__ == "__main__":
    sys.exit(main())

"""`make contracts`: the long look at the contracts. Forge's invariants many times over, and slither.

slither (from PyPI) lives in an environment of its own, .venv-contracts: it needs forty packages that nothing else does.
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
    """Exit code: 0 when both found nothing."""
    slither = _slither()
    forge = npm_binary("forge")
    path = {"PATH": f"{forge.parent}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        project = lay_out(Path(folder))
        tested = subprocess.run([forge, "test"], cwd=project, env=os.environ | _LONG, check=False)
        # slither reads what is deployed, and neither the tests nor their tokens.
        shutil.rmtree(project / "test")
        shutil.rmtree(project / "contracts" / "testing")
        subprocess.run([forge, "build", "--force", "--build-info"], cwd=project, check=True)
        read = subprocess.run(
            [slither, ".", "--foundry-ignore-compile"], cwd=project, env=os.environ | path, check=False
        )
    return tested.returncode or read.returncode


def _slither() -> Path:
    """Installs it once."""
    found = _VENV / "bin" / "slither"
    if not found.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", _VENV], check=True)
        pip = [_VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", _LOCK], check=True)
    return found


if __name__ == "__main__":
    sys.exit(main())

"""What is changed, and which tests are asked: `scope.toml` says it by names."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCOPE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def named() -> list[str]:
    """As `scope.toml` has them, as patterns of paths."""
    return [f"{app}/{module}.py" for app, modules in SCOPE["modules"].items() for module in modules.split()]


def files() -> list[Path]:
    """The rules of the apps, and the networks' data."""
    return [*sorted({path for name in named() for path in ROOT.glob(name)}), ROOT / "chains_app/networks/networks.toml"]

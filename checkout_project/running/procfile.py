"""The Procfile: how each process of an installation is started, in one place for tests, benchmarks and deployments."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def commands() -> dict[str, str]:
    """By name, each as a line for a shell."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}

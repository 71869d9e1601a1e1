"""What the image's build sees of this folder: the code it runs, and no secret that lies beside it."""

from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def is_copied(path: str) -> bool:
    """By Docker's rules for `.dockerignore`, as far as ours goes: the last line that fits decides."""
    parts = path.split("/")
    here = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
    is_in = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        if pattern.startswith("**/"):
            fits = any(fnmatch(part, pattern.removeprefix("**/")) for part in parts)
        else:
            fits = any(fnmatch(each, pattern) and each.count("/") == pattern.count("/") for each in here)
        if fits:
            is_in = line.strip().startswith("!")
    return is_in


@pytest.mark.parametrize(
    "path",
    [
        "deploy/.env", ".env", "tallystick.env", "deploy/tallystick.env", "checkout_project/.env", "static/.env.local",
        ".data/secrets.json", ".git/config", "backup.sql", "deploy/tls.key", "common/tls.pem", "common/tls.key",
    ],
)  # fmt: skip
def test_no_secret_gets_into_the_image(path: str) -> None:
    assert not is_copied(path)


def test_all_code_that_runs_gets_into_the_image() -> None:
    apps = {each.parent.name for each in ROOT.glob("*/apps.py")} | {"common", "locale", "static", "templates"}
    assert len(apps) == 9
    left_out = [name for name in apps if not is_copied(f"{name}/__init__.py")]
    assert left_out == []
    named = ["manage.py", "requirements.lock", "Procfile", "chains_app/networks/networks.toml", "static/css/base.css"]
    named += ["requirements-observability.lock", "docs/api.md", "examples/shop/shop.py"]
    assert all(map(is_copied, named))

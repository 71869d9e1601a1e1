"""`make audit`: known vulnerabilities of what is installed (pip-audit), and of how our code is written (bandit).

Fails on findings only. Where the advisory service cannot be reached, it says so: nothing was checked then.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = "requirements-dev.lock"  # has all of the other locks
OUR_CODE = [
    "checkout_project", "sessions_app", "webhooks_app", "merchants_app", "chains_app", "common", "cli", "manage.py",
]  # fmt: skip
BANDIT = ["bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", *OUR_CODE]
_PIP_AUDIT = [
    "pip_audit", "--format", "json", "--progress-spinner", "off", "--require-hashes", "--disable-pip", "-r", LOCK,
]  # fmt: skip


def main() -> int:
    """Runs both; 1 when either found something."""
    in_our_code = subprocess.run([sys.executable, "-m", *BANDIT], cwd=ROOT, check=False).returncode
    if not in_our_code:
        print("bandit: nothing found in our code.")
    done = subprocess.run([sys.executable, "-m", *_PIP_AUDIT], cwd=ROOT, capture_output=True, text=True, check=False)
    found, summary = judge(done.stdout, done.stderr)
    print(summary)
    return 1 if in_our_code or found else 0


def judge(answer: str, complaint: str) -> tuple[bool, str]:
    """Whether pip-audit's JSON names a vulnerability, and what to say of it.

    An index that knows no advisories makes it skip every package and succeed: that is no all-clear.
    """
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        reason = next((line for line in reversed(complaint.splitlines()) if line.strip()), "no answer")
        return False, f"pip-audit: NOT CHECKED, the advisory service cannot be reached from here: {reason[:200]}"
    vulnerable = [each for each in packages if each.get("vulns")]
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    if vulnerable:
        return True, "\n".join(_lines(vulnerable))
    if len(skipped) == len(packages):
        return False, (
            f"pip-audit: NOT CHECKED, the advisory service knows none of the {len(packages)} packages: "
            "the package index in use has no advisories. Run it where one has."
        )
    rest = f" It knows nothing of {', '.join(skipped)}." if skipped else ""
    return False, f"pip-audit: no known vulnerability in {len(packages) - len(skipped)} packages.{rest}"


def _lines(vulnerable: Iterable[dict[str, Any]]) -> Iterable[str]:
    for package in vulnerable:
        for each in package["vulns"]:
            mended = ", ".join(each.get("fix_versions", [])) or "no version"
            yield f"pip-audit: {package['name']} {package['version']}: {each['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())

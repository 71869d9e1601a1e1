"""Lighthouse's marks for a buyer's pages on a phone, from the server that `make run` starts.

    python -m bench lighthouse [--folder REPORTS]

Each page three times, and of each mark the middle one; layout shift must be none. Exits with 1 when a goal is missed.
`--folder` keeps what was found. Needs `npm ci`.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench.tools.whole_server import ROOT, browser_of, choose, whole_server
from checkout_project.tools.install import find_browser

GOALS = {"performance": 99, "accessibility": 99, "best-practices": 99}
ROUNDS = 3
# For search engines nothing is done here: nobody may find a buyer's page.
_COMMAND = [
    str(ROOT / "node_modules" / ".bin" / "lighthouse"), "--quiet", "--output=json", "--output-path=stdout",
    f"--only-categories={','.join(GOALS)}", "--chrome-flags=--headless --no-sandbox",
]  # fmt: skip


def main() -> int:
    """Prints a line a page; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with whole_server() as server:
        url = server.page_url()
        is_good = _tell("choose", url, options.folder)
        with browser_of() as browser:
            choose(browser, url)
        return int(not (_tell("send", url, options.folder) and is_good))


def _tell(name: str, url: str, folder: Path | None) -> bool:
    """Whether the page reaches its goals."""
    reports = [_report(url) for _ in range(ROUNDS)]
    marks = {goal: median(round(report["categories"][goal]["score"] * 100) for report in reports) for goal in GOALS}
    shift = max(report["audits"]["cumulative-layout-shift"]["numericValue"] for report in reports)
    paint = median(report["audits"]["largest-contentful-paint"]["numericValue"] for report in reports)
    told = ", ".join(f"{goal} {mark:.0f}" for goal, mark in marks.items())
    print(f"{name}: {told} (goal 99), layout shift {shift:.3f}, largest paint {paint:.0f} ms", flush=True)
    for audit in reports[0]["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9:
            print(f"  {audit['id']}: {audit.get('displayValue') or audit['title']}")
    if folder:
        (folder / f"{name}.json").write_text(json.dumps(reports[0]), encoding="utf-8")
    return shift == 0 and all(marks[goal] >= least for goal, least in GOALS.items())


def _report(url: str) -> dict[str, Any]:
    environment = os.environ | {"CHROME_PATH": find_browser() or "chromium"}
    done = subprocess.run([*_COMMAND, url], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"Lighthouse ended with {done.returncode}: {done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


if __name__ == "__main__":
    sys.exit(main())

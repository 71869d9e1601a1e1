"""Lighthouse's marks for a buyer's pages on a phone, from the server that `make run` starts.

    python -m bench lighthouse [--rounds 3] [--folder REPORTS]

Of each mark the middle one counts; layout shift must be none. Exits with 1 when a goal is missed.
`--folder` keeps what was found. Needs `npm ci`.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.tools.figures import figure, least, most
from bench.tools.whole_server import ROOT, browser_of, choose, whole_server
from checkout_project.tools.install import find_browser

MARKS, GOAL = ("performance", "accessibility", "best-practices"), 99
# For search engines nothing is done here: nobody may find a buyer's page.
_COMMAND = [
    str(ROOT / "node_modules" / ".bin" / "lighthouse"), "--quiet", "--output=json", "--output-path=stdout",
    f"--only-categories={','.join(MARKS)}", "--chrome-flags=--headless --no-sandbox",
]  # fmt: skip


def main() -> int:
    """Prints a line a page; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with whole_server() as server:
        url = server.page_url()
        is_good = _tell("choose", url, options)
        with browser_of() as browser:
            choose(browser, url)
        return int(not (_tell("send", url, options) and is_good))


def _tell(name: str, url: str, options: argparse.Namespace) -> bool:
    """Whether the page reaches its goals."""
    reports = [_report(url) for _ in range(options.rounds)]
    good = True
    for mark in MARKS:
        given = [report["categories"][mark]["score"] * 100 for report in reports]
        good &= figure(f"{name}: {mark}", given, "of 100", goal=least(GOAL))
    for audit, unit, goal in (("cumulative-layout-shift", "", most(0)), ("largest-contentful-paint", "ms", None)):
        values = [report["audits"][audit]["numericValue"] for report in reports]
        good &= figure(f"{name}: {audit}", values, unit, goal=goal)
    for audit in reports[0]["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9:
            print(f"  {audit['id']}: {audit.get('displayValue') or audit['title']}")
    if options.folder:
        (options.folder / f"{name}.json").write_text(json.dumps(reports[0]), encoding="utf-8")
    return good


def _report(url: str) -> dict[str, Any]:
    environment = os.environ | {"CHROME_PATH": find_browser() or "chromium"}
    done = subprocess.run([*_COMMAND, url], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"Lighthouse ended with {done.returncode}: {done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


if __name__ == "__main__":
    sys.exit(main())

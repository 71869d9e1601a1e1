"""How long the pages of a business that has sold for a year take, and the operators' lists, one at a time.

    python -m bench dashboard [--sessions 1000000] [--rounds 20]

With three events and about three timeline rows a session, two of three paid, and the last four weeks' money still to be
collected. Goal: p95 at 150 ms. Exits with 1 when a page misses it.
"""

import argparse
import sys

from bench.tools.scratch import run_in_scratch_database


def main() -> int:
    """Measures on a database of its own; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description="The dashboard and the admin among many sessions.")
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    return run_in_scratch_database("bench.pages.dashboard_run", str(options.sessions), str(options.rounds))


if __name__ == "__main__":
    sys.exit(main())

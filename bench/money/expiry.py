"""A backlog of overdue sessions: how long until each is expired with its row and event, and what creating suffers.

    python -m bench expiry [--sessions 100000]

One process expires, one creates all the while, as a worker and a web process do; before that, creating is measured
alone. Goals: 100,000 in 30 s, while creating goes on at 70 % of its usual rate or more.
"""

import argparse
import sys

from bench.tools.scratch import run_in_scratch_database


def main() -> int:
    """Measures on a database of its own; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description="Expiring a backlog while sessions are created.")
    parser.add_argument("--sessions", type=int, default=100_000)
    options = parser.parse_args()
    return run_in_scratch_database("bench.money.expiry_run", str(options.sessions))


if __name__ == "__main__":
    sys.exit(main())

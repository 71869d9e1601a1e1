"""How many payments a second go from a transfer to a completed session with its events and deliveries.

    python -m bench settling [--payments 5000] [--watched 0]

Each second's block of the sandbox has 500 transfers of USDC to as many sessions; the watcher reads it, stores it and
confirms the payments of the block before last. Counted is the time inside the watcher: reading the sandbox's rows
included, the network of a real node not. `--watched` adds addresses that are watched and get nothing.
"""

import argparse
import sys

from bench.tools.scratch import run_in_scratch_database


def main() -> int:
    """Measures on a database of its own; 1 when the goal of 500 a second was missed."""
    parser = argparse.ArgumentParser(description="Payments a second, from transfer to completed.")
    parser.add_argument("--payments", type=int, default=5000)
    parser.add_argument("--watched", type=int, default=0, help="further addresses, to which nothing comes")
    options = parser.parse_args()
    return run_in_scratch_database("bench.money.settling_run", str(options.payments), str(options.watched))


if __name__ == "__main__":
    sys.exit(main())

"""Payments in tokens and coin while faults of all kinds come and go on both of a network's two nodes.

    python -m bench chains                          # 500 payments, some five minutes
    python -m bench chains --payments 100 --seed 7

A real node (anvil, two seconds a block) behind two proxies that play providers' faults (`tests/faulty_proxy.py`), each
for 3 to 15 seconds, at random moments; now and then the newest block is replaced. The watcher and the second looks run
as workers run them. At the end both nodes are well, and the minutes that the later readings wait for are mined at once;
they count as minutes in the seconds until a payment was seen.
Every payment must be seen, confirmed and told once, with its amount, and nothing else: exits with 1 otherwise.
"""

import argparse
import sys

from bench.tools.scratch import run_in_scratch_database


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description="Whether a payment gets lost while nodes fail.")
    parser.add_argument("--payments", type=int, default=500)
    parser.add_argument("--a-second", type=float, default=2.5, help="payments that are sent")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="faults to play, by name; without it, all")
    asked = parser.parse_args()
    figures = [str(asked.payments), str(asked.a_second), str(asked.seed)]
    return run_in_scratch_database("bench.chains.faults_run", *figures, *asked.only)


if __name__ == "__main__":
    sys.exit(main())

"""What it costs that deliveries lie in chunks: a claim and a report among many old ones, in one chunk and in several.

    python -m bench chunks [--deliveries 700000] [--chunks 7]

Two hundred endpoints, each with a queue, in the newest chunk. Both are statements of the sender's own, rolled back each
time. Goal for the report, which knows where each delivery is: no more than 1.5 times as long.
"""

import argparse
import sys

from bench.tools.scratch import run_in_scratch_database


def main() -> int:
    """Measures on a database of its own; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description="Claims and reports among chunks of deliveries.")
    parser.add_argument("--deliveries", type=int, default=700_000)
    parser.add_argument("--chunks", type=int, default=7)
    options = parser.parse_args()
    return run_in_scratch_database("bench.webhooks.chunks_run", str(options.deliveries), str(options.chunks))


if __name__ == "__main__":
    sys.exit(main())

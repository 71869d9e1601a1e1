"""Two machines with one PostgreSQL and one Redis: both carry, and nothing is done twice.

    python -m bench two_machines [--seconds 8] [--payments 40]

Each machine is a network namespace with a web process, a worker and a clock of its own, held on one core; PostgreSQL,
Redis, the receiver and the generator take what the cores have left. First one machine sells, then both at once. Goals:
with both no event, delivery or payment is lost or doubled; two carry at least 1.8 times what one does, in creates and
in deliveries. That has no goal below six cores: there PostgreSQL and the generator take theirs from the machines, and
what is measured is how they share. Needs root and `ip`.
"""

import argparse
import os
import shutil
import sys

from bench.tools.scratch import run_in_scratch_database


def main() -> int:
    """Measures on a database of its own; 1 when something was lost or doubled."""
    parser = argparse.ArgumentParser(description="Two machines with one database.")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--payments", type=int, default=40)
    options = parser.parse_args()
    if os.geteuid() or not (shutil.which("ip") and shutil.which("taskset")):
        print("left out: it takes root, `ip` and `taskset` to make network namespaces")
        return 0
    os.environ |= {"WEBHOOK_ALLOW_PRIVATE": "1", "RATE_LIMIT_PER_KEY": str(10**9), "RATE_LIMIT_PER_ADDRESS": str(10**9)}
    return run_in_scratch_database("bench.whole.two_machines_run", str(options.seconds), str(options.payments))


if __name__ == "__main__":
    sys.exit(main())

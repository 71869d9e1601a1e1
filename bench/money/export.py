"""How quickly the books leave as a file, and in how much memory.

    python -m bench export [--payments 200000]

Makes so many payments of one business, each with its line, and writes all of them as CSV and as JSON lines.
Goal: 20,000 payments a second, and no more memory for all of them than for a tenth, give or take 20 MB.
Exits with 1 when it is missed.
"""

import argparse

from bench.tools.scratch import run_in_scratch_database


def main() -> int:
    """On a database of its own."""
    parser = argparse.ArgumentParser(description="Files of the books.")
    parser.add_argument("--payments", type=int, default=200_000)
    return run_in_scratch_database("bench.money.export_run", str(parser.parse_args().payments))


if __name__ == "__main__":
    raise SystemExit(main())

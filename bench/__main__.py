"""Runs every benchmark, one after the other; `python -m bench reader settling` for some of them."""

import subprocess
import sys

ALL = ("api", "reader", "settling", "expiry", "webhook_delivery", "webhook_chaos")


def main() -> int:
    """Each in a process of its own, so that none measures the remains of another."""
    wanted = sys.argv[1:] or ALL
    if strange := [name for name in wanted if name not in ALL]:
        print(f"No benchmark {', '.join(strange)}; there are: {', '.join(ALL)}")
        return 2
    return max(subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode for name in wanted)


if __name__ == "__main__":
    sys.exit(main())

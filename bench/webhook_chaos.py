"""Twenty endpoints, 20,000 events, senders and Redis killed or stopped, their lines cut: who lost or doubled one?

    python -m bench webhook_chaos                         # some five minutes
    python -m bench webhook_chaos --events 2000 --seconds 30

Ten endpoints are healthy, the others slow, very slow, hanging, answering 500, resetting, redirecting. Every healthy one
must have every event, verified by the reference library, without a gap in any session's numbers, and at most 1 % twice.
Uses the database `tallystick_bench` on DATABASE_URL's server, made anew. Exits with 1 when it failed.
"""

import argparse
import sys

from bench.webhook_delivery import prepare_database


def main() -> int:
    """Prints the verdict."""
    parser = argparse.ArgumentParser(description="What survives when everything dies.")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=200)
    parser.add_argument("--kill-every", type=float, default=10)
    asked = parser.parse_args()
    prepare_database()
    from tests.webhooks_app.chaos import Chaos, run

    result = run(Chaos(events=asked.events, seconds=asked.seconds, kill_every=asked.kill_every))
    for path, seen in sorted(result.endpoints.items()):
        print(f"{path:12} {seen['different']:6} of {result.events} events, {seen['came'] - seen['different']:4} twice, "
              f"{seen['forged']} forged, {seen['gaps']} sessions with gaps")  # fmt: skip
    passed = result.complete and result.doubled <= 0.01
    print(f"{result.kills} kills, {result.doubled:.2%} of the messages came twice: {'ok' if passed else 'FAILED'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

"""Twenty endpoints, 20,000 events, senders and Redis killed or stopped, their lines cut: who lost or doubled one?

    python -m bench webhook_chaos                         # some five minutes
    python -m bench webhook_chaos --events 2000 --seconds 30

Ten endpoints are healthy, the others slow, very slow, hanging, answering 500, resetting, redirecting. Every healthy one
must have every event, verified by the reference library, without a gap in any session's numbers; again comes only what
was on its way when a sender was killed, under the same id, and at most 1 % in all.
Uses the database `tallystick_bench` on DATABASE_URL's server, made anew. Exits with 1 when it failed.
"""

import argparse
import sys

from bench.tools.figures import figure, most
from bench.webhooks.delivery import prepare_database

MOST_AGAIN = 0.01  # of the messages


def main() -> int:
    """Prints the verdict."""
    parser = argparse.ArgumentParser(description="What survives when everything dies.")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=200)
    parser.add_argument("--kill-every", type=float, default=10)
    asked = parser.parse_args()
    prepare_database()
    from tests.webhooks_app.sending.chaos import Chaos, run

    result = run(Chaos(events=asked.events, seconds=asked.seconds, kill_every=asked.kill_every))
    for path, seen in sorted(result.endpoints.items()):
        print(f"{path}: {seen['different']} of {result.events} events, {seen['forged']} forged, {seen['gaps']} gaps")
    again = result.again.total() / (result.events * len(result.endpoints))
    good = figure(f"messages lost or wrong, of {result.kills} strikes", int(not result.complete), "", goal=most(0))
    good &= figure("messages that came again", 100 * again, "%", goal=most(100 * MOST_AGAIN))
    good &= figure("… of them without a kill", result.unexplained.total(), "", goal=most(0))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

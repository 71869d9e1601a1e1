"""The shop's own door for webhooks: it fails now and then, and keeps all that came."""

import json
import random
import time
from collections import defaultdict
from typing import Any

from tests.loopback import HANG_UP, Asked, LoopbackServer, Reply, Response

FAILS = 0.08
SLOW_SECONDS = 1.5


class Receiver(LoopbackServer):
    """Set `secret` once the endpoint is made."""

    protocol = "HTTP/1.0"

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.secret = ""
        self.is_well = False
        self.told: dict[str, set[str]] = defaultdict(set)  # by webhook-id
        self.taken: dict[str, dict[int, str]] = defaultdict(dict)  # what was answered 2xx: subject, sequence, id
        self.forged = self.came = 0
        self._dice = random.Random(seed)

    def respond(self, asked: Asked) -> Response:
        self.asked.clear()
        self.came += 1
        try:
            event: dict[str, Any] = asked.verified(self.secret)
        except Exception:  # noqa: BLE001  (whatever is wrong with it)
            self.forged += 1
            return Reply(400)
        event["data"].pop("current", None)  # how it stands when it is sent: all else is as it was
        self.told[asked.headers["webhook-id"]].add(json.dumps(event))
        if not self.is_well and self._dice.random() < FAILS:
            match self._dice.choice(["500", "hang up", "slow"]):
                case "500":
                    return Reply(500)
                case "hang up":
                    return HANG_UP
                case _:
                    time.sleep(SLOW_SECONDS)
        self.taken[event["subject"]][event["sequence"]] = event["id"]
        return Reply(204)

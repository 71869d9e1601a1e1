"""What was found when they were last looked at. It is kept in Redis and grows old by Redis' time."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from checkout_project.jobs.pulses import redis_at, redis_seconds
from checkout_project.neighbours.places import Place
from common.network.certificates import Tls, Trust

# A certificate is renewed a month before its end, usually: if not by now, something is wrong.
SOON = timedelta(days=14)
# What nobody has looked at for so long is not told any more: that no worker runs is told elsewhere.
_KEPT_SECONDS = 300
# Another one whenever what is kept changes its form: in an upgrade former processes read on what they wrote.
_KEY = "tallystick:neighbours:3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """One of them."""

    place: Place
    name_problem: str = ""  # why its name leads nowhere; empty: it does
    left: float | None = None  # seconds until its certificate ends; None: it has none, or nobody could see it
    problem: str = ""  # why its certificate is not believed; empty: it is

    @property
    def ends_soon(self) -> bool:
        """Whether its certificate needs somebody, if only for not being believed."""
        return bool(self.problem) or (self.left is not None and self.left < SOON.total_seconds())

    @property
    def is_unseen(self) -> bool:
        """Whether it should have a certificate, and nobody could see one yet."""
        return bool(self.place.tls) and self.left is None and not self.name_problem


def keep(found: Sequence[Neighbour]) -> None:
    """In the place of what was kept. Raises redis' errors while it is away."""
    client = redis_at(settings.REDIS_URL)
    text = json.dumps({"at": redis_seconds(client), "found": [asdict(each) for each in found]})
    client.set(_KEY, text, ex=_KEPT_SECONDS)


def neighbours() -> Sequence[Neighbour] | None:
    """As they were lately; None: nobody has looked. Raises redis' errors while it is away."""
    client = redis_at(settings.REDIS_URL)
    text = client.get(_KEY)
    if text is None:
        return None
    kept = json.loads(str(text))
    since = redis_seconds(client) - kept["at"]
    return [_older(each, since) for each in kept["found"]]


def _older(kept: dict[str, Any], seconds: float) -> Neighbour:
    place = kept["place"]
    tls, trust, names = place["tls"], Trust(**place["trust"]), tuple(place["names"])
    return Neighbour(
        place=Place(**place | {"tls": Tls(tls) if tls else None, "trust": trust, "names": names}),
        name_problem=kept["name_problem"],
        left=None if kept["left"] is None else kept["left"] - seconds,
        problem=kept["problem"],
    )

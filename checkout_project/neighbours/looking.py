"""Looks at all of them at once, and is back in time whatever they and the name servers do.

No deadline can interrupt a name server that hangs, so each place has a thread that nobody waits for longer. While it
hangs no other one is begun for that place.
"""

import socket
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from threading import Thread

from typing_extensions import override

from checkout_project.neighbours.places import Place
from checkout_project.neighbours.told import Neighbour
from common.network.certificates import Certificate

LOOKS_SECONDS = 6.0
_at_it: dict[Place, "_Look"] = {}


def look_at(
    places: Sequence[Place], *, known: Mapping[Place, Neighbour], seconds: float = LOOKS_SECONDS
) -> list[Neighbour]:
    """How they are. known: what was found before, which stands for what cannot be seen this time."""
    ends_at = time.monotonic() + seconds
    before = [_found_late(place, known.get(place)) for place in places]
    looks = [_begin(place, seconds=seconds) for place in places]
    for look in looks:
        look.join(max(0.0, ends_at - time.monotonic()))
    return [look.outcome(each) for look, each in zip(looks, before, strict=True)]


class _Look(Thread):
    def __init__(self, place: Place, *, seconds: float) -> None:
        super().__init__(name="neighbour", daemon=True)
        self.name_problem = "no name server answers in time"
        self.certificate: Certificate | None = None
        self.is_told = False  # all that it found
        self._place, self._seconds = place, seconds

    @override
    def run(self) -> None:
        try:
            socket.getaddrinfo(self._place.host, self._place.port, type=socket.SOCK_STREAM)
        except OSError as error:
            is_away = error.errno == socket.EAI_AGAIN
            self.name_problem = "no name server answers" if is_away else "no name server knows it"
            return
        except UnicodeError:
            self.name_problem = "it is no name"
            return
        self.name_problem = ""
        if self._place.tls:
            self.certificate = self._place.certificate(seconds=self._seconds)

    def outcome(self, known: Neighbour | None) -> Neighbour:
        """As far as it came by now."""
        self.is_told = not self.is_alive()
        seen = self.certificate
        if seen is None or (seen.problem and not seen.is_refused):  # a host that is down says nothing of it
            left, problem = (known.left, known.problem) if known else (None, "")
        else:
            left, problem = timedelta(days=seen.days).total_seconds(), seen.problem
        return Neighbour(place=self._place, name_problem=self.name_problem, left=left, problem=problem)


def _found_late(place: Place, known: Neighbour | None) -> Neighbour | None:
    """What the look before this one found when nobody waited for it any more; else what is known."""
    former = _at_it.get(place)
    return known if former is None or former.is_alive() or former.is_told else former.outcome(known)


def _begin(place: Place, *, seconds: float) -> _Look:
    former = _at_it.get(place)
    if former and former.is_alive():
        return former
    look = _at_it[place] = _Look(place, seconds=seconds)
    look.start()
    return look

"""Which networks cannot be read at the moment, and what of a business waits for them."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from chains_app.networks.networks import Network, enabled_networks
from chains_app.reading.health import unread_networks
from sessions_app.scope import SessionScope
from sessions_app.status import LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A network that cannot be read."""

    network: Network
    since: datetime
    waiting: int  # sessions of the business that are being paid on it


def outages_of(scope: SessionScope, now: datetime) -> list[Outage]:
    """Those of the business's mode; none while all can be read."""
    unread = unread_networks(now)
    if not unread:
        return []
    waiting = scope.sessions().filter(status__in=LIVE, quote__network__in=unread)
    counted = Counter(waiting.values_list("quote__network", flat=True))
    return [
        Outage(network=each, since=unread[each.id], waiting=counted[each.id])
        for each in enabled_networks(scope.mode)
        if each.id in unread
    ]

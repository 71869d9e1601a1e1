"""How many jobs a worker does at once: never so few that networks whose nodes hang keep other jobs waiting."""

from contextlib import suppress

from django.conf import settings

from chains_app.networks.file import NetworksFileError
from chains_app.networks.networks import enabled_networks
from common.modes import Mode

# New blocks, and what need not be known at once: each waits for the network's nodes, and for nothing else.
A_NETWORK = 2
# For all that concerns no one network: ends of sessions, decisions, letters, rates, searches.
BESIDE_THEM = 8


def worker_threads() -> int:
    """WORKER_THREADS, or more where the networks that are on need more."""
    needed = 0
    with suppress(NetworksFileError, OSError):  # which end the worker's start with their sentence
        needed = A_NETWORK * len({each.id for mode in Mode for each in enabled_networks(mode)}) + BESIDE_THEM
    return max(settings.WORKER_THREADS, needed)

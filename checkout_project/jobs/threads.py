"""How many jobs a worker does at once: by itself so many that networks whose nodes hang keep no other jobs waiting."""

import os
from contextlib import suppress

import structlog
from django.conf import settings

from chains_app.networks.file import NetworksFileError
from chains_app.networks.networks import enabled_networks
from common.modes import Mode

# New blocks, and what need not be known at once: each waits for the network's nodes, and for nothing else.
A_NETWORK = 2
# For all that concerns no one network: ends of sessions, decisions, letters, rates, searches.
BESIDE_THEM = 8


_log = structlog.get_logger()


def worker_threads() -> int:
    """WORKER_THREADS where it is set: PostgreSQL may have no more connections. Else more where networks need them."""
    needed = 0
    with suppress(NetworksFileError, OSError):  # which end the worker's start with their sentence
        needed = A_NETWORK * len({each.id for mode in Mode for each in enabled_networks(mode)}) + BESIDE_THEM
    if "WORKER_THREADS" not in os.environ:
        return max(settings.WORKER_THREADS, needed)
    if needed > settings.WORKER_THREADS:
        _log.warning(
            "worker.few_threads",
            set=settings.WORKER_THREADS,
            needed=needed,
            advice="Networks whose nodes hang can keep all other jobs waiting. Raise WORKER_THREADS, or do not set it.",
        )
    return settings.WORKER_THREADS

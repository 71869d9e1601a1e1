"""How many jobs a worker does at once: by itself so many that networks whose nodes hang keep no other jobs waiting."""

import os

import structlog
from django.conf import settings

from chains_app.networks.networks import enabled_networks
from common.modes import Mode

# New blocks, what need not be known at once, and what gas costs: each waits for the network's nodes, for nothing else.
A_NETWORK = 3
# For all that concerns no one network: ends of sessions, decisions, letters, rates, searches.
BESIDE_THEM = 8

_log = structlog.get_logger()


def worker_threads() -> int:
    """WORKER_THREADS where it is set: PostgreSQL may have no more connections. Else more where networks need them."""
    if too_few := told_if_few():
        _log.warning("worker.few_threads", reason=too_few)
    return settings.WORKER_THREADS if _are_set() else max(settings.WORKER_THREADS, _needed())


def told_if_few() -> str:
    """A sentence where WORKER_THREADS is set to fewer than the networks need; else nothing."""
    if not _are_set() or (needed := _needed()) <= settings.WORKER_THREADS:
        return ""
    return f"WORKER_THREADS={settings.WORKER_THREADS}, and the networks that are on need {needed}."


def _are_set() -> bool:
    return not {"WORKER_THREADS", "WORKER_THREADS_FILE"}.isdisjoint(os.environ)


def _needed() -> int:
    return A_NETWORK * len({each.id for mode in Mode for each in enabled_networks(mode)}) + BESIDE_THEM

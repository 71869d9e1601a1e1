"""Refuses to start a worker that would read the wrong chain: money would be looked for where it cannot be."""

import time
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

import structlog
from celery import bootsteps
from celery.worker import state
from typing_extensions import override

from chains_app.calls.readers import verify_networks
from chains_app.networks.networks import Network, enabled_networks
from chains_app.reading.reader import WrongChain
from checkout_project.facts.installation import tell_wrong_clock
from checkout_project.restoring.noticing import notice_at_start
from common.garbage import collect_rarely
from common.modes import Mode
from common.postgresql.poolers import refuse_unnamed_pooler

# Nodes that take longer must not keep webhooks and other networks waiting; what they say later still counts.
WAIT_SECONDS = 5.0

_log = structlog.get_logger()


class RefuseWrongPlace(bootsteps.Step):
    """Ends a worker whose connection would have it give wrong answers."""

    @override
    def create(self, parent: Any) -> None:
        """Before anything is started, each with a sentence. A wrong clock is told, and stops nobody."""
        refuse_unnamed_pooler()
        tell_wrong_clock()
        notice_at_start()


class VerifyNetworks(bootsteps.Step):
    """Asks every node which chain it belongs to. One that does not answer is no reason to stop: it may come."""

    @override
    def create(self, parent: Any) -> None:
        """Before anything is started: ends the worker, naming the network and the variable to change."""
        networks = {each.id: each for mode in Mode for each in enabled_networks(mode)}
        answers: SimpleQueue[str] = SimpleQueue()
        gone_on = Event()
        for network in networks.values():
            Thread(target=_verify, args=[network, answers, gone_on], name="verify network", daemon=True).start()
        if faults := _faults(answers, len(networks), gone_on):
            raise SystemExit(f"Not started: {' '.join(faults)}")
        collect_rarely()


def _faults(answers: "SimpleQueue[str]", expected: int, gone_on: Event) -> list[str]:
    """What was found wrong in time."""
    deadline, found = time.monotonic() + WAIT_SECONDS, []
    try:
        for _ in range(expected):
            found.append(answers.get(timeout=max(deadline - time.monotonic(), 0.001)))
    except Empty:
        _log.warning("networks.not_verified_yet", answered=len(found), of=expected)
    gone_on.set()
    while not answers.empty():
        found.append(answers.get())
    return sorted(filter(None, found))


def _verify(network: Network, answers: "SimpleQueue[str]", gone_on: Event) -> None:
    fault = ""
    try:
        verify_networks([network])
    except WrongChain as error:
        fault = str(error)
    answers.put(fault)
    if fault and gone_on.is_set():
        _log.critical("networks.wrong_chain", reason=fault)
        state.should_stop = 1  # type: ignore[assignment]  # the stubs know no exit status

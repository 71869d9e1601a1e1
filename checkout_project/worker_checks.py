"""Refuses to start a worker that would read the wrong chain: money would be looked for where it cannot be."""

from typing import Any

from celery import bootsteps
from typing_extensions import override

from chains_app.reader import WrongChain
from chains_app.readers import verify_networks
from common.garbage import collect_rarely


class VerifyNetworks(bootsteps.Step):
    """Asks every node which chain it belongs to. One that does not answer is no reason to stop: it may come."""

    @override
    def create(self, parent: Any) -> None:
        """Before anything is started: ends the worker, naming the network and the variable to change."""
        try:
            verify_networks()
        except WrongChain as fault:
            raise SystemExit(f"Not started: {fault}") from None
        collect_rarely()

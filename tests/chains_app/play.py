"""A clock and short words for tests on the play chain."""

from datetime import datetime, timedelta

from django.db import transaction

from chains_app.models import SandboxTransfer
from chains_app.networks.networks import Asset, Network, network
from chains_app.reading.scanning import Scan, save_cursor, scan
from chains_app.sandbox.chain import send
from chains_app.sandbox.reader import SandboxReader

SANDBOX = network("sandbox")
USDC: Asset = SANDBOX.assets["USDC"]


class Clock:
    """The time of the play chain, moved by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.reader = SandboxReader(SANDBOX)

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def pay(recipient: str, units: int, *, at: datetime, asset: Asset = USDC, **how) -> SandboxTransfer:
    return send(recipient=recipient, amount_units=units, contract=asset.contract, now=at, **how)


def look(*addresses: str, on: Network = SANDBOX) -> Scan:
    """One pass of the watcher, saved."""
    seen = scan(network=on, reader=SandboxReader(on), addresses=lambda: addresses)
    with transaction.atomic():
        save_cursor(seen, now=seen.head.time)
    return seen

"""A chain that stands still and shows what it was given: what the watcher reads for the strangers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from chains_app.networks.networks import Network
from chains_app.reading.reader import Block, Doubt, Sighting, Transfer
from sessions_app.models import CheckoutSession
from sessions_app.watching.watcher import watch

HEAD = 5_000
_PAID_AGO_SECONDS = 300  # deep enough for small amounts on any network, and not before where a first look begins
_MOST_PASSES = 6


def _hash(*parts: object) -> str:
    return "0x" + sha256("|".join(map(str, parts)).encode()).hexdigest()


class StillChain:
    """A reader of one network."""

    def __init__(self, network: Network, *, now: datetime) -> None:
        self.network, self.now = network, now
        self.shown: list[Transfer] = []

    def pay(self, session: CheckoutSession, *, times: str = "1", sender: str) -> None:
        """What the session's quote asks for, or a multiple of it, to its address."""
        quote = session.quote
        assert quote is not None
        number = HEAD - int(_PAID_AGO_SECONDS / self.network.block_seconds)
        self.shown.append(
            Transfer(
                network=self.network.id,
                asset=quote.asset,
                tx_hash=_hash(session.public_id, len(self.shown)),
                log_index=len(self.shown),
                sender=sender,
                recipient=session.deposit.address,
                amount_units=int(quote.amount_units * Decimal(times)),
                block_number=number,
                block_hash=_hash(self.network.id, number),
                block_time=self.now,
            )
        )

    def read(self) -> None:
        """The watcher reads it to its head, and once more to confirm."""
        for _ in range(_MOST_PASSES):
            watch(self.network, self)

    def head(self) -> Block:
        found = self.block(HEAD)
        assert found
        return found

    def block(self, number: int) -> Block | None:
        return Block(number, _hash(self.network.id, number), self.now + timedelta(seconds=number - HEAD + 1))

    def transfers(
        self,
        addresses: frozenset[str],
        first: int,
        last: int,
        *,
        wallets: frozenset[str] = frozenset(),
        doubts: list[Doubt] | None = None,
    ) -> list[Transfer]:
        return [
            each for each in self.shown if each.recipient in addresses and first <= (each.block_number or 0) <= last
        ]

    def pending(self, addresses: frozenset[str], above: int) -> list[Transfer]:
        return []

    def still_there(self, sightings: Iterable[Sighting]) -> frozenset[Sighting]:
        return frozenset(sightings)

    def whereabouts(self, sightings: Iterable[Sighting], *, head: int) -> dict[Sighting, Block | None]:
        return {}

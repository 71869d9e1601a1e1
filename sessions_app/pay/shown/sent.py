"""What the page shows between "the wallet has sent it" and "the chain has it": that, and not the same request again."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from chains_app.networks.networks import all_networks
from sessions_app.models import Announcement
from sessions_app.pay.shown.receipt import patience
from sessions_app.reading.amounts import address_groups, moment_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The buyer's word, as the page tells it."""

    amount: str
    network: str
    at: str
    by_exchange: bool
    hash_groups: list[str]  # empty for an exchange's payment
    link: str  # the explorer's page of the transaction; empty without one
    is_slow: bool  # longer than the network usually needs to take it up

    @property
    def headline(self) -> str:
        """What is going on."""
        if self.by_exchange:
            return gettext("Thank you. Now your exchange sends it")
        return gettext("Sent. Now %(network)s takes it up") % {"network": self.network}


def sent_of(said: Announcement, *, now: datetime) -> Sent:
    """The view of an announced payment."""
    known = all_networks().get(said.network)
    link = known.transaction_link(said.tx_hash) if known and said.tx_hash else None
    block_seconds = known.block_seconds if known else 0
    return Sent(
        amount=said.amount,
        network=known.name if known else said.network,
        at=moment_text(said.at),
        by_exchange=not said.tx_hash,
        hash_groups=address_groups(said.tx_hash) if said.tx_hash else [],
        link=link or "",
        is_slow=bool(said.tx_hash) and now - said.at > patience(block_seconds),
    )

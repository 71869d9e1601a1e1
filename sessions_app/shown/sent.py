"""What the page shows between "the wallet has sent it" and "the chain has it": that, and not the same request again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chains_app.networks.networks import all_networks
from sessions_app.models import Announcement, Fate
from sessions_app.reading.amounts import address_groups, host_of
from sessions_app.reading.sentences import Sentence, time_here
from sessions_app.reading.sentences import gettext as _
from sessions_app.shown.receipt import patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The buyer's word, as the page tells it."""

    amount: str
    network: str
    at: Sentence
    since: timedelta
    by_exchange: bool
    hash_groups: list[str]  # empty while it is not known
    link: str  # the explorer's page of the transaction; empty without one
    explorer: str  # whose page that is
    confirmations: int  # that it will need, as far as can be said before it is seen
    block_seconds: float
    is_slow: bool  # longer than the network usually needs to take it up
    fate: Fate | None  # by the word of the network's nodes; None while they were not asked
    look_first: Sentence

    @property
    def is_elsewhere(self) -> bool:
        """Whether it waits for nothing, and no payment was seen. (From inside contracts some are seen late.)"""
        return self.fate == Fate.REPLACED or (self.fate == Fate.DONE and self.is_slow)


def sent_of(said: Announcement, *, now: datetime) -> Sent:
    """The view of an announced payment."""
    known = all_networks().get(said.network)
    link = known.transaction_link(said.known_hash) if known and said.known_hash else None
    block_seconds = known.block_seconds if known else 0
    return Sent(
        amount=said.amount,
        network=known.name if known else said.network,
        at=time_here(said.at),
        since=now - said.at,
        by_exchange=said.by_exchange,
        hash_groups=address_groups(said.known_hash) if said.known_hash else [],
        link=link or "",
        explorer=host_of(link or ""),
        confirmations=known.confirmations.small if known else 0,
        block_seconds=block_seconds,
        is_slow=bool(said.known_hash) and now - said.at > patience(block_seconds),
        fate=said.known_fate,
        look_first=look_first(said),
    )


def look_first(said: Announcement) -> Sentence:
    """What its buyer does before they send it again."""
    if said.by_exchange:
        return _(
            "Look at the withdrawal in your exchange. If it says “completed”, open its transaction and send the link "
            "to the shop."
        )
    if said.known_fate == Fate.DONE:
        return _("Look in your wallet where it went. Please do not send it again before you know.")
    if said.known_fate == Fate.REPLACED:
        return _("It was sped up or cancelled: look in your wallet which of the two, before you send again.")
    return _(
        "Look in your wallet: while it is waiting there, please do not send it again. If it failed or is missing "
        "there, nothing was paid."
    )

"""A payment on its way: the page says that it was sent instead of asking once more, and in four steps how far it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils.translation import ngettext

from chains_app.networks.networks import all_networks
from sessions_app.models import REPLACED, Announcement, Fate
from sessions_app.reading.amounts import address_groups, duration_text, host_of
from sessions_app.reading.named import time_here
from sessions_app.sentences import Sentence, filled
from sessions_app.sentences import gettext as _
from sessions_app.shown.receipt import Progress, patience

# Up to so many confirmations are drawn one by one; more are a bar.
_NOTCHES = 12


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
    def is_known(self) -> bool:
        """Whether the network's nodes have it: nobody needs the address again."""
        return self.fate == Fate.WAITING

    @property
    def is_elsewhere(self) -> bool:
        """Whether it waits for nothing, and no payment was seen. (From inside contracts some are seen late.)"""
        return self.fate in REPLACED or (self.fate == Fate.DONE and self.is_slow)


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
        look_first=look_first(said, is_believed=True),
    )


def look_first(said: Announcement, *, is_believed: bool) -> Sentence:
    """What its buyer does before they send it again."""
    if is_believed and said.known_fate == Fate.WAITING:
        return _("Your payment is known, and it is safe. Please do not send it again.")
    if said.by_exchange:
        return _(
            "Look at the withdrawal in your exchange. If it says “completed”, open its transaction and send the link "
            "to the shop."
        )
    if said.known_fate == Fate.DONE:
        return _("Look in your wallet where it went. Please do not send it again before you know.")
    if said.known_fate in REPLACED:
        return _("It was sped up or cancelled: look in your wallet which of the two, before you send again.")
    return _(
        "Look in your wallet: while it is waiting there, please do not send it again. If it failed or is missing "
        "there, nothing was paid."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of them."""

    title: str
    hint: str = ""
    state: Literal["done", "now", ""] = ""
    have: int = 0
    need: int = 0  # confirmations; 0 where there are none to count

    @property
    def notches(self) -> list[bool]:
        """One for each confirmation, cut when it is there; none where they are too many."""
        return [at < self.have for at in range(self.need)] if self.need <= _NOTCHES else []


def way_of(*, sent: Sent | None, progress: Progress | None, shop: str) -> tuple[Step, ...]:
    """The steps of what was sent, or of what the chain shows already; none for neither, or for what went elsewhere."""
    told = Step(title=filled(_("%(shop)s is told"), {"shop": shop}))
    if progress:
        return (*_seen(progress), told)
    if sent and not sent.is_elsewhere:
        return (*(_from_exchange(sent) if sent.by_exchange else _from_wallet(sent)), told)
    return ()


def _from_wallet(sent: Sent) -> list[Step]:
    names = {"network": sent.network}
    return [
        Step(title=_("Sent from your wallet"), hint=sent.at, state="done"),
        _taken_up(sent.network, sent.since if sent.is_slow else None),
        Step(
            title=filled(_("%(network)s makes it final"), names),
            hint=_final_hint(sent.confirmations, timedelta(seconds=sent.confirmations * sent.block_seconds)),
        ),
    ]


def _from_exchange(sent: Sent) -> list[Step]:
    final_after = timedelta(seconds=sent.confirmations * sent.block_seconds)
    return [
        Step(title=_("You ordered the withdrawal"), hint=sent.at, state="done"),
        Step(title=_("Your exchange sends it"), hint=_("it may ask you to confirm by mail or app"), state="now"),
        Step(
            title=filled(_("%(network)s takes it up and makes it final"), {"network": sent.network}),
            hint=_("about %(time)s") % {"time": duration_text(final_after)},
        ),
    ]


def _seen(progress: Progress) -> list[Step]:
    names = {"network": progress.network, "have": progress.have, "need": progress.need}
    if not progress.is_in_block:
        return [
            Step(title=_("Sent"), hint=progress.seen_at, state="done"),
            _taken_up(progress.network, progress.since if progress.is_slow else None),
            Step(
                title=filled(_("%(network)s makes it final"), names),
                hint=_final_hint(progress.need, progress.final_after),
            ),
        ]
    return [
        Step(title=_("Sent"), state="done"),
        Step(
            title=filled(_("%(network)s has taken it up"), names),
            hint=filled(_("%(time)s, %(amount)s"), {"time": progress.seen_at, "amount": progress.amount}),
            state="done",
        ),
        Step(
            title=filled(_("%(network)s makes it final: %(have)s of %(need)s"), names),
            hint=_("about %(time)s left") % {"time": progress.left},
            state="now",
            have=progress.have,
            need=progress.need,
        ),
    ]


def _taken_up(network: str, waiting: timedelta | None) -> Step:
    usual = _("usually within seconds")
    late = _("waiting for %(time)s, usually seconds")
    return Step(
        title=filled(_("%(network)s takes it up"), {"network": network}),
        hint=usual if waiting is None else late % {"time": duration_text(waiting)},
        state="now",
    )


def _final_hint(confirmations: int, after: timedelta) -> str:
    words = ngettext("%(count)s confirmation, about %(time)s", "%(count)s confirmations, about %(time)s", confirmations)
    return words % {"count": confirmations, "time": duration_text(after)}

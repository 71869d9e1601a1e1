"""What the page's sentences are made of: what there is to speak about, and the words of one view."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chains_app.networks.networks import all_networks
from sessions_app.models import CheckoutSession, Payment
from sessions_app.reading.amounts import money_text
from sessions_app.reading.named import any_of
from sessions_app.sentences import Sentence, filled
from sessions_app.sentences import gettext as _
from sessions_app.shown.due import Due
from sessions_app.shown.receipt import Progress
from sessions_app.shown.states import Wanted
from sessions_app.shown.way import Sent
from sessions_app.state.counting import came
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import received_value

NoticeTone = Literal["good", "info", "warn"]
Tone = Literal[""] | NoticeTone


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A sentence that says what happened, and one that says what to do."""

    tone: NoticeTone
    title: Sentence
    text: Sentence
    is_news: bool = True  # else the page says by itself what happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The words of one view. `news` is what screen readers are told, and what everybody sees.

    What changes by itself is not in it, or they would be told it again and again: it stands beside, as clocks do.
    """

    headline: Sentence
    lead: Sentence = field(default_factory=Sentence)
    news: Sentence
    beside: Sentence = field(default_factory=Sentence)
    hint: Sentence = field(default_factory=Sentence)  # what else is good to know
    tone: Tone = ""  # of the news; empty: all goes as usual, and something is awaited or done


def as_news(headline: Sentence) -> Sentence:
    """The line of news where it says no more than the headline."""
    return filled(_("%(headline)s."), {"headline": headline})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What there is to speak about."""

    session: CheckoutSession
    payments: Sequence[Payment]
    due: Due | None
    sent: Sent | None
    progress: Progress | None
    wanted: Wanted
    has_offer: bool
    unseen: str
    unseen_since: datetime | None
    now: datetime
    is_signed: bool  # a signed payment was handed over, and may still be sent
    by_shop: bool  # it was cancelled by the shop, and not by its buyer

    @property
    def is_under_way(self) -> bool:
        """Whether a payment is said to be on its way that nobody has seen."""
        return self.sent is not None or self.is_signed

    @property
    def names(self) -> dict[str, str]:
        """What the sentences may name."""
        session = self.session
        return {
            "shop": session.merchant.name,
            "arrived": money_text(received_value(session), session.currency),
            "price": money_text(session.amount, session.currency),
            "currency": session.currency,
            "network": self.unseen or _network_of(self),
        }

    @property
    def what_came(self) -> dict[str, str]:
        """The same of a session that asks for nothing more: also what came and has gone back since, or is to."""
        return self.names | {"arrived": money_text(came(facts_of(self.session)), self.session.currency)}


def _network_of(facts: Facts) -> str:
    """The network that is spoken about: what is under way, what was taken back, or what is due."""
    if facts.progress:
        return facts.progress.network
    if facts.sent:
        return facts.sent.network
    gone = [payment.network for payment in facts.payments if payment.vanished_at and payment.confirmed_at]
    return any_of(_names(gone)) or (facts.due.network if facts.due else "") or _("The network")


def _names(networks: Sequence[str]) -> list[str]:
    known = all_networks()
    return sorted({known[each].name if each in known else each for each in networks})

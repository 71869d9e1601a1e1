"""A payment on its way: four steps, of which one is under way."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_app.reading.amounts import duration_text
from sessions_app.reading.sentences import filled
from sessions_app.shown.receipt import Progress
from sessions_app.shown.sent import Sent

# Up to so many confirmations are drawn one by one; more are a bar.
_NOTCHES = 12


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

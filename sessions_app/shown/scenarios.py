"""The buttons of test mode: which payments can be played, and what each does."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sessions_app.errors import OptionUnavailable
from sessions_app.models import CheckoutSession
from sessions_app.paying.scenarios import Scenario
from sessions_app.status import PaymentStatus, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioButton:
    """One payment to play."""

    name: str
    label: str
    hint: str


_LABELS = {
    "exact": (gettext_noop("Pay exactly"), gettext_noop("the amount due, in time")),
    "short": (gettext_noop("Too little"), gettext_noop("90 %, as if an exchange kept a fee")),
    "rest": (gettext_noop("The rest"), gettext_noop("what is still missing")),
    "over": (gettext_noop("Too much"), gettext_noop("150 %")),
    "late": (gettext_noop("Too late"), gettext_noop("ends the session, then pays in full")),
    "late_short": (gettext_noop("Late and too little"), gettext_noop("ends the session, then pays 90 %")),
    "twice": (gettext_noop("Twice"), gettext_noop("pays again after it was paid")),
    "wrong_asset": (gettext_noop("Wrong asset"), gettext_noop("one that this session does not allow")),
    "unlisted_token": (gettext_noop("Unknown token"), gettext_noop("calls itself USDC, is not listed")),
    "dropped": (gettext_noop("Dropped"), gettext_noop("seen, gone before it is final")),
    "reorged": (gettext_noop("Taken back"), gettext_noop("gone after it was final")),
    "stuck": (gettext_noop("Stuck"), gettext_noop("seen, never final")),
}
_AFTER_THE_END = ("late", "late_short", "wrong_asset", "unlisted_token")


def scenario_buttons(session: CheckoutSession) -> tuple[ScenarioButton, ...]:
    """The scenarios that make sense where the session stands; the API accepts the others too, and says why not."""
    return tuple(
        ScenarioButton(name=name, label=_(_LABELS[name][0]), hint=_(_LABELS[name][1])) for name in _fitting(session)
    )


def scenario_named(name: str) -> str:
    """The scenario that a form asked for. Raises `OptionUnavailable` when there is none of that name."""
    if name not in Scenario.values:
        raise OptionUnavailable(f"There is no scenario {name[:40]!r}.", attr="scenario")
    return name


def _fitting(session: CheckoutSession) -> tuple[str, ...]:
    status = Status(session.status)
    if status == Status.COMPLETED:
        return ("twice",)
    if status in {Status.EXPIRED, Status.CANCELLED}:
        # Without a quote there never was an address that a late payment could go to.
        return _AFTER_THE_END if session.quote else ()
    if status == Status.PROCESSING:
        return ()
    if session.payment_status == PaymentStatus.PARTIAL:
        return ("rest", "over", "late", "wrong_asset", "dropped", "stuck")
    return tuple(name for name in _LABELS if name != "rest")

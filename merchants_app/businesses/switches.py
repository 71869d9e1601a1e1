"""What an operator switches off for all businesses at once, and on again. The environment says what there is at all."""

import time
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from common.errors import Conflict
from merchants_app.models import Feature, Switch

# Each process remembers what is off for so long: within five seconds it holds everywhere.
KEPT_SECONDS = 4
# What has to be set for it to be there, and where.
_SETTINGS = {
    Feature.SIGN_UP: "OPEN_SIGNUP",
    Feature.SIGNED_PAYMENTS: "FACILITATOR_URL",
    Feature.WALLETCONNECT: "WALLETCONNECT_RELAY",
}


@dataclass(frozen=True, slots=True)
class _Memory:
    until: float
    off: frozenset[str]


_NOTHING = _Memory(0.0, frozenset())
_memory = {"known": _NOTHING}


def is_on(feature: Feature) -> bool:
    """Whether the environment has it and no operator has switched it off."""
    return is_there(feature) and feature not in _off()


def is_there(feature: Feature) -> bool:
    """Whether the environment has it."""
    return feature not in _SETTINGS or bool(getattr(settings, _SETTINGS[feature]))


def switch(feature: Feature, *, on: bool, by: str, because: str, now: datetime) -> None:
    """Raises Conflict when it is so already, and where the environment has it off."""
    if on and not is_there(feature):
        raise Conflict(f"{_SETTINGS[feature]} is not set here: set it first, and start anew.", attr="is_on")
    row, _ = Switch.objects.get_or_create(feature=feature)
    wrong = Switch.objects.filter(pk=row.pk, off_since__isnull=not on)
    if not wrong.update(off_since=None if on else now, changed_by=by, because=because):
        raise Conflict(f"It is {'on' if on else 'off'} already.", attr="is_on")
    forget_switches()
    transaction.on_commit(forget_switches)


def switched_off() -> list[Switch]:
    """What an operator has off at the moment."""
    return list(_rows_off().order_by("feature"))


def make_rows() -> None:
    """Gives each feature its row, for operators to find."""
    Switch.objects.bulk_create([Switch(feature=each) for each in Feature], ignore_conflicts=True)


def forget_switches() -> None:
    """This process asks the database anew."""
    _memory["known"] = _NOTHING


def _off() -> frozenset[str]:
    known, now = _memory["known"], time.monotonic()
    if known.until <= now:
        off = frozenset(_rows_off().values_list("feature", flat=True))
        known = _memory["known"] = _Memory(now + KEPT_SECONDS, off)
    return known.off


def _rows_off() -> QuerySet[Switch]:
    return Switch.objects.filter(off_since__isnull=False)

"""Operators: who runs this installation. What they do to a business stands in that business's own log, by this name."""

from django.conf import settings

from common.errors import Conflict, DomainError
from merchants_app.models import User

SUSPEND = "merchants_app.suspend_merchant"
SIGN_IN_AS = "merchants_app.sign_in_as"
REVOKE_KEYS = "merchants_app.revoke_apikey"


class NotForOperators(Conflict):
    """What an operator may not do, so that nobody can hide behind the office."""

    code = "not_for_operators"


class ReasonMissing(DomainError):
    """An act that its reader will want explained comes with a reason."""

    code = "reason_missing"


# Before the names of operators in logs; no address of anybody has a space in it.
OPERATOR_MARK = "operator "


def operator_name(user: User) -> str:
    """How audit logs and timelines name an operator: `operator op@example.com`."""
    return f"{OPERATOR_MARK}{user.email}"


def is_operator(user: User) -> bool:
    """Whether the account reaches Django admin: nobody is shown anything in its place."""
    return user.is_staff or user.is_superuser


def given_reason(reason: str) -> str:
    """The reason without blanks around it. Raises ReasonMissing."""
    if text := reason.strip()[:500]:
        return text
    raise ReasonMissing("Say why: the owners will read it.", attr="reason")


def whom_to_ask() -> str:
    """Where somebody turns whose business was suspended, as a sentence."""
    if settings.OPERATOR_EMAIL:
        return f"Questions? Write to {settings.OPERATOR_EMAIL}."
    return "Questions? Ask whoever runs this installation of Tallystick."

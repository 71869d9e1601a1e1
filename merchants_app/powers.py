"""Who may do what: roles, powers and modes in one table, and what of it an API key can have.

Dashboard, API, the team page's table and `docs/dashboard.md` all say what stands here.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from common.modes import Mode
from merchants_app.models import KeyScope, Role


class Power(StrEnum):
    """Something a role may be allowed to do; the value completes the sentence 'Your role may not …'."""

    LOOK = "see this business"
    HANDLE_SESSIONS = "act on sessions"
    COLLECT = "collect payments"
    HANDLE_BUYERS = "export or erase what is kept about a buyer"
    EXPORT_BOOKS = "export the books"
    MANAGE_KEYS = "manage API keys"
    MANAGE_WEBHOOKS = "manage webhooks"
    MANAGE_TREASURY = "change where money goes"
    MANAGE_SETTINGS = "change settings"
    MANAGE_TEAM = "manage the team"
    CONNECT_SHOPS = "connect shops"


class _Row(NamedTuple):
    """The modes in which each role has a power."""

    owner: frozenset[Mode]
    developer: frozenset[Mode]
    support: frozenset[Mode]
    viewer: frozenset[Mode]


_YES, _TEST, _NO = frozenset(Mode), frozenset({Mode.TEST}), frozenset[Mode]()
# A developer tries everything out where no real money moves.
_TABLE = {
    #                            owner developer support viewer
    Power.LOOK:            _Row(_YES, _YES,  _YES, _YES),
    Power.HANDLE_SESSIONS: _Row(_YES, _TEST, _YES, _NO),
    Power.COLLECT:         _Row(_YES, _TEST, _YES, _NO),
    Power.HANDLE_BUYERS:   _Row(_YES, _TEST, _YES, _NO),
    # Whoever keeps the books looks at all else: a viewer.
    Power.EXPORT_BOOKS:    _Row(_YES, _TEST, _YES, _YES),
    Power.MANAGE_KEYS:     _Row(_YES, _YES,  _NO,  _NO),
    Power.MANAGE_WEBHOOKS: _Row(_YES, _YES,  _NO,  _NO),
    Power.MANAGE_TREASURY: _Row(_YES, _TEST, _NO,  _NO),
    Power.MANAGE_SETTINGS: _Row(_YES, _NO,   _NO,  _NO),
    Power.MANAGE_TEAM:     _Row(_YES, _NO,   _NO,  _NO),
    Power.CONNECT_SHOPS:   _Row(_YES, _NO,   _NO,  _NO),
}  # fmt: skip
# What a key's scope lets it do is never more than what its holder's role has: this power, in the key's mode.
# `write` is a shop's daily work (new sessions, their end while nothing was paid): whoever may make keys may allow it.
SCOPE_NEEDS = {
    KeyScope.READ: Power.LOOK,
    KeyScope.WRITE: Power.MANAGE_KEYS,
    KeyScope.WEBHOOKS: Power.MANAGE_WEBHOOKS,
    KeyScope.DECIDE: Power.HANDLE_SESSIONS,
}

# What people read of it.
_POWER_WORDS = {
    Power.LOOK: "See every page",
    Power.HANDLE_SESSIONS: "End sessions, decide odd payments, refund",
    Power.COLLECT: "Collect",
    Power.HANDLE_BUYERS: "Export or erase a buyer",
    Power.EXPORT_BOOKS: "Export the books",
    Power.MANAGE_KEYS: "Make and revoke API keys",
    Power.MANAGE_WEBHOOKS: "Webhooks: endpoints, secrets, sending again",
    Power.MANAGE_TREASURY: "Change the treasury",
    Power.MANAGE_SETTINGS: "Settings",
    Power.MANAGE_TEAM: "Team: invite, roles, removal, taking over keys",
    Power.CONNECT_SHOPS: "Connect a shop, which gets a key and an endpoint",
}
SCOPE_WORDS = {
    KeyScope.READ: "See sessions, issues, links, customers and events",
    KeyScope.WRITE: "Make sessions and links, quote, end what is unpaid",
    KeyScope.WEBHOOKS: "See and change webhook endpoints and their secrets, send again",
    KeyScope.DECIDE: "Decide odd payments, refund, erase buyers",
}
_CELLS = {_YES: "yes", _TEST: "test mode", _NO: "–"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table for people."""

    words: str
    cells: tuple[str, ...]  # by role, in their order
    scope: str = ""  # the word that keys have for it

    @property
    def by_role(self) -> list[tuple[str, str]]:
        """Each cell with its role's name."""
        return list(zip(Role.labels, self.cells, strict=True))


def may(role: str, power: Power, *, mode: str) -> bool:
    """Whether a role holds a power in a mode."""
    return Mode(mode) in getattr(_TABLE[power], Role(role).value)


@cache
def scopes_within(role: str, *, mode: str) -> frozenset[str]:
    """The most that a key can do whose holder has this role; nothing without one."""
    if not role:
        return frozenset()
    return frozenset(scope.value for scope, power in SCOPE_NEEDS.items() if may(role, power, mode=mode))


def who_may_what() -> list[Line]:
    """The table of roles and powers."""
    return [Line(_POWER_WORDS[power], _cells(power)) for power in Power]


def whose_keys_may_what() -> list[Line]:
    """The same for the scopes of a key, by the role of whoever holds it."""
    return [Line(SCOPE_WORDS[scope], _cells(power), scope.value) for scope, power in SCOPE_NEEDS.items()]


def _cells(power: Power) -> tuple[str, ...]:
    return tuple(_CELLS[modes] for modes in _TABLE[power])

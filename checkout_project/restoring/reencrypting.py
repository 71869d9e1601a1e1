"""Stored secrets, all to the first of `ENCRYPTION_KEYS`: after that the others may go.

A few rows at a time, beside all else: a row that somebody changed meanwhile is looked at again. What lasts a day
or two only is not among it: browser sessions, and answers kept for repeated requests.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.db.models import Model

from common.encryption import decrypt, is_by_first_key, is_encrypted, reencrypted
from sessions_app.models import ReceiptKey
from webhooks_app.models import WebhookEndpoint

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """Where secrets are: a model's columns, of text, or of JSON that holds some of them."""

    model: type[Model]
    columns: tuple[str, ...]


PLACES = (
    Kept(WebhookEndpoint, ("secret_encrypted", "previous_secret_encrypted", "headers_encrypted")),
    Kept(ReceiptKey, ("private",)),
    Kept(Authenticator, ("data",)),
)


def unreadable() -> list[str]:
    """What no key of today reads, by table and id."""
    found = []
    for place in PLACES:
        for row in _rows(place):
            if not all(_is_readable(token) for name in place.columns for token in _tokens(row[name])):
                found.append(f"{place.model._meta.db_table} {row['pk']}")
    return found


def reencrypt(progress: Callable[[str, int], None] = lambda _table, _rows: None) -> int:
    """How many rows were written anew. Safe to stop, and to run again. Raises InvalidToken: ask `unreadable` first."""
    done = 0
    for place in PLACES:
        changed = sum(_rewrite(place, row) for row in _rows(place))
        progress(place.model._meta.db_table, changed)
        done += changed
    return done


def _rewrite(place: Kept, row: Mapping[str, Any]) -> int:
    rows = place.model._default_manager.filter(pk=row["pk"])
    former: Mapping[str, Any] | None = {name: row[name] for name in place.columns}
    while former and (anew := {name: _anew(value) for name, value in former.items()}) != former:
        # Only as it was read. What changed meanwhile may be by a former key in part: the last secret of one that was
        # replaced, the other codes where one was used.
        if rows.filter(**former).update(**anew):
            return 1
        former = rows.values(*place.columns).first()
    return 0


def _rows(place: Kept) -> Iterator[Mapping[str, Any]]:
    last: Any = 0
    while some := list(
        place.model._default_manager.filter(pk__gt=last).order_by("pk").values("pk", *place.columns)[:AT_ONCE]
    ):
        yield from some
        last = some[-1]["pk"]


def _tokens(value: Any) -> Iterator[str]:
    """The encrypted texts in it."""
    texts = value.values() if isinstance(value, dict) else [value]
    yield from (text for text in texts if isinstance(text, str) and is_encrypted(text))


def _anew(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _anew(each) for name, each in value.items()}
    if isinstance(value, str) and is_encrypted(value) and not is_by_first_key(value):
        return reencrypted(value)
    return value


def _is_readable(token: str) -> bool:
    try:
        decrypt(token)
    except InvalidToken:
        return False
    return True

"""What a page's ETag says: which rows it was made of, and until when these alone decide how it looks.

So an open page that asks for news can be told that there are none without being made again (`pay/unchanged.py`).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from chains_app.networks.networks import all_networks
from sessions_app.models import CheckoutSession
from sessions_app.paying.announcing import BELIEVED
from sessions_app.shown.receipt import patience
from sessions_app.shown.states import State, Wanted
from sessions_app.state.children import payments_of

# Rates, fees, and whether the shop sells it once more are no rows of the page: so old they may be.
_SOON = timedelta(minutes=1)
# Beside an amount that is promised there is only the fee; and the installation's settings change with a restart.
_AT_LAST = timedelta(minutes=5)
_OF_OTHERS = {State.CHOOSE, State.AWAY, State.EXPIRED, State.CANCELLED}


def version_of(
    session: CheckoutSession, rows: str, *, state: State, language: str, wanted: Wanted, now: datetime, is_signed: bool
) -> str:
    """For the ETag. `rows` are the versions that the page's rows have; `is_signed`: what was handed over is told."""
    soon = _SOON if is_signed or state in _OF_OTHERS else _AT_LAST
    until = min(at for at in (now + soon, *_changes(session)) if at >= now)
    return f"{_digest(rows, language, wanted)}-{int(until.timestamp())}"


def is_still_so(version: str, rows: str, *, language: str, wanted: Wanted, now: datetime) -> bool:
    """Whether the page would look as it did when it was given this version, clocks aside: they run in the browser."""
    digest, _, until = version.partition("-")
    if not (until.isascii() and until.isdecimal() and len(until) < 12):
        return False
    return digest == _digest(rows, language, wanted) and now < datetime.fromtimestamp(int(until), tz=UTC)


def _digest(rows: str, language: str, wanted: Wanted) -> str:
    return sha256(f"{rows}|{language}|{wanted}".encode()).hexdigest()[:24]


def _changes(session: CheckoutSession) -> Iterable[datetime]:
    """The moments at which the page looks otherwise though no row has changed."""
    yield session.expires_at
    yield session.watch_until
    if session.quote:
        yield session.quote.valid_until
    if said := getattr(session, "announcement", None):
        yield said.at + BELIEVED
        yield said.at + _patience(said.network)
    for payment in payments_of(session):
        if payment.block_number is None:
            yield payment.seen_at + _patience(payment.network)


def _patience(network_id: str) -> timedelta:
    known = all_networks().get(network_id)
    return patience(known.block_seconds if known else 0)

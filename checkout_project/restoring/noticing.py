"""Each process looks where its database lies: a copy is held, and gives out nothing that the original gave out."""

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from checkout_project.restoring.mark import read_mark, set_mark
from merchants_app import held
from sessions_app.paying.going_on import leave_out_addresses
from webhooks_app.events.positions import farthest_told, has_gone_back, jump_ahead

_log = structlog.get_logger()


def notice_copies() -> None:
    """Safe to run twice at once, and beside all else. Whoever sends asks for themselves (`merchants_app.held`)."""
    mark = read_mark()  # first: the database never stands before it, unless it was put back
    with transaction.atomic():
        why = held.settle(timezone.now())
        went_back, stands_at = has_gone_back(mark), farthest_told()
        if why or went_back:
            _go_on_beyond(mark)
    if why:
        _log.critical("installation.held", reason=why, then=f"nothing is sent until `{held.RELEASE}`")
    elif went_back:
        # It is the original, and goes on sending: a failover by night stops no shop.
        _log.critical("installation.went_back", events_came_to=mark, and_stand_at=stands_at, then="docs/backup.md")
    set_mark()


def hold(because: str) -> None:
    """For a database that has just been restored: where it is now is where it belongs, and nothing leaves it."""
    mark = read_mark()
    with transaction.atomic():
        held.arrive()
        held.hold(because, timezone.now())
        _go_on_beyond(mark)


def notice_at_start() -> None:
    """The same, by a process that starts whatever becomes of it: the database may be away, or not migrated yet."""
    try:
        notice_copies()
    except (DatabaseError, InterfaceError) as error:
        _log.warning("installation.not_looked_at", reason=" ".join(str(error).split()))
    finally:
        connection.close()


def _go_on_beyond(mark: int) -> None:
    """What the original gave out since is not given out again. mark: a position that is known to be of it, or 0."""
    jump_ahead(beyond=mark)
    leave_out_addresses(timezone.now())

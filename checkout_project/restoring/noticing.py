"""Each process looks where its database lies: a copy is held, and its events go on beyond those of the original."""

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from merchants_app import held
from merchants_app.treasuries.treasuries import skip_addresses
from webhooks_app.events.positions import jump_ahead

_log = structlog.get_logger()


def notice_copies() -> None:
    """Safe to run twice at once, and beside all else. Whoever sends asks for themselves (`merchants_app.held`)."""
    with transaction.atomic():
        why = held.settle(timezone.now())
        if why:
            _go_on_beyond()
    if why:
        _log.critical("installation.held", reason=why, then=f"nothing is sent until `{held.RELEASE}`")


def hold(because: str) -> None:
    """For a database that has just been restored: where we are is where it belongs, and nothing leaves it."""
    with transaction.atomic():
        held.settle(timezone.now())
        held.hold(because, timezone.now())
        _go_on_beyond()


def notice_at_start() -> None:
    """The same, by a process that starts whatever becomes of it: the database may be away, or not migrated yet."""
    try:
        notice_copies()
    except (DatabaseError, InterfaceError) as error:
        _log.warning("installation.not_looked_at", reason=" ".join(str(error).split()))
    finally:
        connection.close()


def _go_on_beyond() -> None:
    """What the original gave out since is not given out again."""
    jump_ahead()
    skip_addresses()

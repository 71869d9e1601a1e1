"""Whether this database may speak to the world, or is a copy of one: then nothing leaves it until an operator says so.

A copy is known by its place. PostgreSQL numbers each server and each of its databases, so a dump that was restored
anywhere, by whatever tool, lies in another place than the row in it says; what was copied file by file is known by
another `PUBLIC_URL`. Held back are webhooks, letters, and payments that buyers only sign. All else goes on: money is
seen, sessions are made and paid, and what they have to tell waits.
"""

import hashlib
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from common.version import VERSION
from merchants_app.models import Installation

RELEASE = "manage.py release"
_TABLE = Installation._meta.db_table
# For statements of others. Parameter `host`. An installation that was on this machine only may move to any name.
HELD = f"""EXISTS (
    SELECT FROM {_TABLE}
    WHERE held_since IS NOT NULL OR place <> installation_place() OR host NOT IN ('', %(host)s::text)
)"""


def is_held() -> bool:
    """Whether nothing is to be sent."""
    return bool(why_held())


def why_held() -> str:
    """A sentence; empty where all leaves."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT held_because FROM {_TABLE} WHERE {HELD}", {"host": host()})  # noqa: S608
        found = cursor.fetchone()
    return (found[0] or "This database was made for another place.") if found else ""


def host() -> str:
    """That of PUBLIC_URL; empty where it leads to this machine only."""
    name = urlsplit(settings.PUBLIC_URL).hostname or ""
    try:
        return "" if ip_address(name).is_loopback else name
    except ValueError:
        return "" if name == "localhost" else name


def settle(now: datetime) -> str:
    """Writes down where we are, with which version and keys; answers why it is a copy that nobody knew of, if it is.

    It is held from then on. In a transaction, and only by processes of the installation: who lends a hand for a moment
    may have another environment.
    """
    here = _here()
    found = Installation.objects.select_for_update().first()
    if found is None:
        Installation.objects.bulk_create([Installation(**here)], ignore_conflicts=True)
        return ""
    why = _why_moved(found, place=here["place"], host=here["host"])
    if why or any(getattr(found, name) != value for name, value in here.items()):
        Installation.objects.update(**here)
    if why:
        hold(why, now)
    return why


def arrive() -> None:
    """Here is where this database belongs from now on; under which host, the next process that starts says."""
    Installation.objects.bulk_create([Installation(**_here())], ignore_conflicts=True)
    Installation.objects.update(place=place(), host="")


def hold(because: str, now: datetime) -> None:
    """Nothing is sent from here until `release`."""
    Installation.objects.filter(held_since=None).update(held_since=now, held_because=because)


def why_not_releasable() -> str:
    """Why it is not for this process to say so; empty where it is."""
    found = Installation.objects.first()
    if found is None or found.place != place():
        return "No web process or worker has started on this database yet: start them first, they look where it is."
    if found.host not in {"", host()}:
        return (
            f"PUBLIC_URL leads to {host() or 'this machine only'} here, and led to {found.host} for the process that "
            "started last. Give this command the environment of web and workers; after a new host name restart them "
            "first."
        )
    return ""


def release() -> bool:
    """Lets all that waits leave; whether it was held."""
    return bool(Installation.objects.exclude(held_since=None).update(held_since=None, held_because=""))


def fingerprints() -> list[str]:
    """By which keys are told apart without being known: they are random."""
    return [hashlib.sha256(f"tallystick:{key}".encode()).hexdigest()[:16] for key in settings.ENCRYPTION_KEYS]


def _here() -> dict[str, Any]:
    return {"place": place(), "host": host(), "version": VERSION, "keys": fingerprints()}


def place() -> str:
    """PostgreSQL's numbers of its server and of this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT installation_place()")
        return str(cursor.fetchone()[0])


def _why_moved(found: Installation, *, place: str, host: str) -> str:
    if found.place != place:
        return f"This database is a copy: it was made in another place, for {found.host or 'one machine only'}."
    if found.host not in {"", host} and not found.held_since:
        return f"PUBLIC_URL led to {found.host} before, and to {host or 'this machine only'} now."
    return ""

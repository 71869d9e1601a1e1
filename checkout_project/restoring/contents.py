"""What a backup says of itself, read from the file alone: nothing is written, and no database is asked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db.migrations.loader import MigrationLoader

from checkout_project.restoring.programs import CannotDump, run
from merchants_app.models import Installation

_INSTALLATION, _MIGRATIONS = Installation._meta.db_table, "django_migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Of a file in pg_dump's custom format."""

    made_at: str  # as PostgreSQL writes it
    version: str  # of Tallystick; empty: from before backups knew
    host: str
    keys: tuple[str, ...]  # fingerprints
    migrations: frozenset[tuple[str, str]]

    def beyond(self) -> list[str]:
        """Migrations after the last that this version knows."""
        known = MigrationLoader(None).disk_migrations or {}
        last = {app: max(name for of, name in known if of == app) for app, _ in known}
        return sorted(f"{app}.{name}" for app, name in self.migrations
                      if (app, name) not in known and name > last.get(app, ""))  # fmt: skip


def contents_of(file: Path) -> Contents:
    """Raises CannotDump when it is no such file."""
    head = run("pg_restore", ["--list", str(file)], server=False)
    if f"TABLE DATA public {_MIGRATIONS} " not in head:
        raise CannotDump(f"{file} holds no Tallystick.")
    tables = [f"--table={name}" for name in (_INSTALLATION, _MIGRATIONS)]
    script = run("pg_restore", ["--data-only", *tables, "--file=-", str(file)], server=False)
    row = next(_rows(script, _INSTALLATION), {})
    made = re.search(r"Archive created at (.+)", head)
    return Contents(
        made_at=made[1] if made else "an unknown time",
        version=row.get("version", ""),
        host=row.get("host", ""),
        keys=tuple(filter(None, row.get("keys", "").strip("{}").split(","))),
        migrations=frozenset((each["app"], each["name"]) for each in _rows(script, _MIGRATIONS)),
    )


def _rows(script: str, table: str) -> Iterator[dict[str, str]]:
    """Of a table in the text that `COPY` reads: a line each, tabs between."""
    block = re.search(rf"^COPY public\.{table} \(([^)]+)\) FROM stdin;\n(.*?)^\\\.$", script, re.MULTILINE | re.DOTALL)
    if block is None:
        return
    names = block[1].replace('"', "").split(", ")
    for line in block[2].split("\n")[:-1]:
        yield dict(zip(names, line.split("\t"), strict=True))

"""The strangers' rows: kept as copies that are quickly put back, and a fingerprint that shows any change of them."""

from functools import lru_cache

from django.apps import apps
from django.db import connection, models, transaction

from tests.flushing.management.commands.flush import WITHOUT_TRIGGERS
from tests.strangers.world import CAST, World

OUR_APPS = ("merchants_app", "chains_app", "webhooks_app", "sessions_app")
# Rows of theirs in tables of libraries: proven addresses, second factors, devices.
BORROWED_APPS = ("account", "mfa", "usersessions")
# Those that only their owner may change. A device's row is made by signing in as one of them, as tests do.
COMPARED_OF_BORROWED = ("account.EmailAddress", "mfa.Authenticator")
# Of nobody: the play chain, which each test has to itself, what the sources of rates said, how far books are filled,
# what this installation signs with, and what is switched off in it.
NOBODYS = {"SandboxBlock", "SandboxTransfer", "RateSheet", "BooksPosition", "ReceiptKey", "Installation", "Switch"}
# Written by looking alone: when somebody last signed in, when a key was last used.
_LOOKING = ("last_login", "last_used_at")
# How far apart the numbers of two tables begin: no id of one ever is an id of another by chance.
_APART = 20_000_011

_copies: dict[str, bytes] = {}
# How many rows of each table the transaction that a test begins in had written by then.
_written_before: dict[str, int] = {}


def our_models() -> list[type[models.Model]]:
    """All that have a table of ours."""
    return [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]


def set_sequences_apart() -> None:
    """An id is then found in its own table only: who asks the wrong table finds nothing, instead of somebody's."""
    with connection.cursor() as cursor:
        numbered = [m for m in our_models() if isinstance(m._meta.pk, models.AutoField)]
        for place, model in enumerate(numbered, start=1):
            sequence = "SELECT setval(pg_get_serial_sequence(%s, %s), %s)"
            cursor.execute(sequence, [model._meta.db_table, model._meta.pk.column, place * _APART])


def keep() -> None:
    """Copies every row there is in our tables, and in those that libraries keep for us."""
    borrowed = [model for app in BORROWED_APPS for model in apps.get_app_config(app).get_models()]
    for model in [*our_models(), *borrowed]:
        # By name: a test that takes a migration back and forth changes their order.
        columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
        table = f"{model._meta.db_table} ({columns})"
        rows = f"SELECT {columns} FROM {model._meta.db_table}"
        with connection.cursor() as cursor, cursor.copy(f"COPY ({rows}) TO STDOUT") as copy:
            _copies[table] = b"".join(bytes(part) for part in copy)


def put_back() -> None:
    """Writes them again into emptied tables, as they were: nothing is made of them, and they fit together already."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WITHOUT_TRIGGERS)
        for table, rows in _copies.items():
            if rows:
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)


def fingerprint(*, without: World | None = None, table: str = "") -> dict[str, str]:
    """Of each table, or of one, what the strangers' rows look like, in one query; without a business if it is named."""
    each = _statement(without.merchant.pk if without else 0)
    with connection.cursor() as cursor:
        cursor.execute(each[table] if table else " UNION ALL ".join(each.values()))
        return dict(cursor.fetchall())


def note_what_is_written() -> None:
    """Called before each test: several may share a transaction, and what the others wrote there is no matter of it."""
    _written_before.clear()
    if connection.in_atomic_block and not transaction.get_rollback():
        _written_before.update(_written())


def changed_since(before: dict[str, str], *, without: World | None = None) -> list[str]:
    """The tables in which something of theirs is not what it was.

    In a test's own transaction only those are looked at that it has written to: PostgreSQL counts that by itself.
    """
    with connection.cursor() as cursor:
        statement = _statement(without.merchant.pk if without else 0)
        if connection.in_atomic_block:
            touched = {table for table, rows in _written().items() if rows != _written_before.get(table)}
            statement = {table: part for table, part in statement.items() if table in touched}
        if not statement:
            return []
        cursor.execute(" UNION ALL ".join(statement.values()))
        return [table for table, print_ in cursor.fetchall() if before[table] != print_]


def _written() -> dict[str, int]:
    """How many rows the present transaction has written, by table: also those that a savepoint took back."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN)
        return dict(cursor.fetchall())


# Of a table in chunks the chunks are counted. The view of the same numbers joins every index there is.
_WRITTEN = """
SELECT coalesce(pg_partition_root(oid), oid)::regclass::text, sum(rows)::bigint FROM pg_class, LATERAL (
    SELECT pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
        + pg_stat_get_xact_tuples_deleted(oid)
) AS counted(rows)
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND rows > 0 GROUP BY 1
"""


@lru_cache(maxsize=8)
def _statement(without: int) -> dict[str, str]:
    """By table, the query for the print of its rows."""
    worlds = [world for world in CAST.values() if world.merchant.pk != without]
    return {
        model._meta.db_table: f"SELECT '{model._meta.db_table}', "
        f"md5(coalesce(string_agg(row({_seen(model)})::text, ',' ORDER BY row.{_key(model)}), ''))"
        f" FROM {model._meta.db_table} AS row WHERE {_theirs(model, worlds)}"
        for model in [*our_models(), *map(apps.get_model, COMPARED_OF_BORROWED)]
        if model.__name__ not in NOBODYS
    }


def _seen(model: type[models.Model]) -> str:
    """The columns that are compared: not as one JSON document a row, which takes PostgreSQL several times as long."""
    columns = [field.column for field in model._meta.concrete_fields if field.column not in _LOOKING]
    return ", ".join(f'row."{column}"' for column in columns)


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


def _theirs(model: type[models.Model], worlds: list[World]) -> str:
    """Which rows are the strangers': by their business, or through a parent that is."""
    name = model.__name__
    if name == "Merchant":
        return f"row.id IN ({_ids(world.merchant.pk for world in worlds)})"
    if name == "User":
        return f"row.id IN ({_ids(user.pk for world in worlds for user in world.people.values())})"
    fields = {field.name: field for field in model._meta.concrete_fields}
    if "network" in fields and not fields.keys() & {"session", "merchant"}:
        return "row.network IN ('sepolia', 'base-sepolia', 'base', 'bsc')"
    parents = ("merchant", "session", "refund", "delivery", "endpoint", "user", "member")
    parent = next((word for word in parents if word in fields), None)
    if parent is None:
        raise AssertionError(f"Whose is a {name}? Say in tests/strangers/kept.py how it belongs to a business.")
    above = fields[parent].remote_field.model
    of_theirs = f"SELECT row.id FROM {above._meta.db_table} AS row WHERE {_theirs(above, worlds)}"
    return f"row.{fields[parent].column} IN ({of_theirs})"


def _ids(keys: object) -> str:
    return ", ".join(str(key) for key in sorted(set(keys)))  # type: ignore[call-overload]

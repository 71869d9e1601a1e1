"""Updates many rows in one statement, a column an array.

Django's `bulk_update` builds a CASE for each field with a branch for each row; for hundreds of rows that takes many
times as long as PostgreSQL's own work (`bench/settling.py`).
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, models

# The driver takes their values as a row has them (times with their zone); asking the field about each took a tenth of
# all the time.
_AS_THEY_ARE = (
    models.BooleanField,
    models.CharField,
    models.DateTimeField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
)


def update_rows(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Saves these fields of rows of one model, known by their primary keys."""
    if not rows:
        return
    meta: Any = rows[0]._meta
    fields = [meta.pk, *(meta.get_field(name) for name in names)]
    table, key = _quoted(meta.db_table), _quoted(meta.pk.column)
    sets = ", ".join(f"{_quoted(field.column)} = new.{_quoted(field.column)}" for field in fields[1:])
    statement = (
        f"UPDATE {table} SET {sets} FROM ROWS FROM ({_sources(fields)}) AS new({_columns(fields)}) "  # noqa: S608
        f"WHERE {table}.{key} = new.{key}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_values(rows, field) for field in fields])


def _values(rows: Sequence[models.Model], field: Any) -> list[Any] | str:
    values = [field.pre_save(row, False) for row in rows]
    if isinstance(field, models.JSONField):
        # An array of JSON texts would have every quote in them escaped, one by one, in Python.
        return f"[{','.join(json.dumps(value, cls=field.encoder) for value in values)}]"
    if isinstance(field, _AS_THEY_ARE):
        return values
    return [field.get_db_prep_save(value, connection) for value in values]


def _sources(fields: Sequence[Any]) -> str:
    return ", ".join(
        "jsonb_array_elements(%s::jsonb)"
        if isinstance(field, models.JSONField)
        else f"unnest(%s::{field.rel_db_type(connection)}[])"
        for field in fields
    )


def _columns(fields: Sequence[Any]) -> str:
    return ", ".join(_quoted(field.column) for field in fields)


def _quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))

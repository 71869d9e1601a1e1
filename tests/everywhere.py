"""Looks for words in every column of every table: what is erased must be found nowhere, in columns of tomorrow too."""

from collections.abc import Collection

from django.db import connection

from merchants_app.models import IdempotencyRecord
from merchants_app.requests.idempotency import readable
from tests.strangers.world import own

_COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'public' AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public')
  AND data_type IN ('character varying', 'character', 'text', 'json', 'jsonb', 'bytea', 'ARRAY', 'USER-DEFINED')
"""


def places_of(words: Collection[str]) -> set[str]:
    """`table.column: word` for each column of the database in which a word stands, in any case of letters."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            for word in words:
                cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" WHERE {text} ILIKE %s)', [f"%{word}%"])
                if cursor.fetchone()[0]:
                    found.add(f"{table}.{column}: {word}")
    # The one column that is encrypted and may hold a buyer's words.
    for body, is_encrypted in own(IdempotencyRecord).values_list("body", "is_encrypted"):
        text = readable(bytes(body), is_encrypted=is_encrypted).decode().lower()
        found |= {f"merchants_app_idempotencyrecord.body: {word}" for word in words if word.lower() in text}
    return found

"""Steps of migrations beside shops that go on selling: not one transaction, so each can be run again after a stop.

An index that was interrupted while it was made keeps its name and holds for nothing: it is made anew.
"""

from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.core.management import CommandError
from django.db.migrations import RunSQL
from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from typing_extensions import override

_NAMED = 5  # ids of rows in the way; the first show what happened


class AddIndexOnce(AddIndexConcurrently):
    """Unless an earlier run did."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(_without_broken(self.index.name))
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [self.index.name])
            (stands,) = cursor.fetchone()
        if not stands:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddCheckOnce(AddConstraintNotValid):
    """It holds for new rows at once; those of before are looked at without a lock that writers wait for.

    Where they break it nothing is added: the processes of before would fall over their own rows.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Raises CommandError with the rows that break it."""
        model = to_state.apps.get_model(app_label, self.model_name)
        name, table = self.constraint.name, model._meta.db_table
        _refuse_broken(model.objects.using(schema_editor.connection.alias), self.constraint)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_constraint WHERE conname = %s AND conrelid = to_regclass(%s)", [name, table])
            stands = cursor.fetchone() is not None
        if not stands:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")

    @override
    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Unless an earlier run did."""
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {self.constraint.name}")


def unique_index_once(name: str, definition: str) -> list[RunSQL]:
    """The index of a unique constraint. `definition` is what comes after ON: the table, columns, condition."""
    return [
        RunSQL(_without_broken(name), RunSQL.noop),
        RunSQL(
            f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {definition}",
            f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        ),
    ]


def column_once(table: str, name: str, definition: str) -> RunSQL:
    """`definition` is its type and default."""
    return RunSQL(
        f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {definition}",
        f"ALTER TABLE {table} DROP COLUMN IF EXISTS {name}",
    )


def stored_with(table: str, **parameters: float) -> RunSQL:
    """Storage parameters, of a table in chunks those of each and of all to come (`chunks.py`). Nobody waits for it."""
    given = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    parts = f"""
        SELECT oid::regclass FROM pg_class WHERE oid = '{table}'::regclass AND relkind = 'r'
        UNION ALL SELECT relid FROM pg_partition_tree('{table}') WHERE isleaf
    """  # noqa: S608  (a name of our own)
    return RunSQL(_for_each(parts, f"SET ({given})"), _for_each(parts, f"RESET ({', '.join(parameters)})"))


def _refuse_broken(rows: QuerySet[Any], rule: Any) -> None:
    holds = ExpressionWrapper(rule.condition, output_field=BooleanField())
    # Not `exclude`: where the condition says neither yes nor no, PostgreSQL lets the row be.
    broken = rows.annotate(holds=holds).filter(holds=False).order_by("pk").values_list("pk", flat=True)[:_NAMED]
    if ids := ", ".join(map(str, broken)):
        raise CommandError(
            f"Rows of {rows.model._meta.db_table} break the rule {rule.name}, among them those with id {ids}. The rule "
            "was not added, and the version before may go on. Correct the rows, and run migrate again."
        )


def _for_each(tables: str, change: str) -> str:
    alter = f"EXECUTE format('ALTER TABLE %s {change}', each)"
    return f"DO $$ DECLARE each regclass; BEGIN FOR each IN {tables} LOOP {alter}; END LOOP; END $$"


def _without_broken(name: str) -> str:
    is_broken = f"SELECT FROM pg_index WHERE indexrelid = to_regclass('{name}') AND NOT indisvalid"
    return f"DO $$ BEGIN IF EXISTS ({is_broken}) THEN DROP INDEX {name}; END IF; END $$"

"""Migrations that are not one transaction, interrupted before they were recorded: the next run goes through."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import F

from common.database import fetch
from sessions_app.models import Payment, Refund

pytestmark = pytest.mark.django_db(transaction=True)
INDEXES = (
    "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid::regclass::text LIKE 'sessions_app%'"
)
SCHEMA = """
SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
FROM information_schema.columns WHERE table_name LIKE 'sessions_app%'
UNION ALL
SELECT conrelid::regclass::text, pg_get_constraintdef(oid), contype::text, 0, '', ''
FROM pg_constraint WHERE conrelid::regclass::text LIKE 'sessions_app%'
"""


def test_it_can_be_run_again_whatever_of_it_was_done_and_makes_broken_indexes_anew() -> None:
    loader = MigrationLoader(connection)
    names = [name for app, name in loader.graph.nodes if app == "sessions_app"]
    in_steps = sorted(name for name in names if not loader.graph.nodes["sessions_app", name].atomic)
    assert "0009_deposits_used_again" in in_steps
    schema, indexes = sorted(map(str, fetch(SCHEMA, []))), sorted(fetch(INDEXES, []))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = ANY(%s::regclass[])",
            [["one_successor_per_session", "deposits_by_address", "refunds_prepared_or_seen"]],
        )
        # As payments and refunds were before they knew their business; the strangers' rows must come out as they are.
        cursor.execute(
            "DROP TRIGGER business_of_payment ON sessions_app_payment;"
            "ALTER TABLE sessions_app_payment ALTER merchant_id DROP NOT NULL, ALTER mode DROP NOT NULL;"
            "UPDATE sessions_app_payment SET merchant_id = NULL, mode = NULL;"
            "DROP TRIGGER business_of_refund ON sessions_app_refund;"
            "ALTER TABLE sessions_app_refund ALTER merchant_id DROP NOT NULL, ALTER mode DROP NOT NULL;"
            "UPDATE sessions_app_refund SET merchant_id = NULL, mode = NULL"
        )
    for name in in_steps:
        state = loader.project_state(("sessions_app", name), at_end=False)
        with connection.schema_editor(atomic=False) as editor:
            loader.graph.nodes["sessions_app", name].apply(state, editor)
    assert sorted(fetch(INDEXES, [])) == indexes
    assert sorted(map(str, fetch(SCHEMA, []))) == schema
    for model in (Payment, Refund):
        assert model.objects.exists()
        assert not model.objects.exclude(merchant=F("session__merchant"), mode=F("session__mode")).exists()

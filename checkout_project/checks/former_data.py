"""Data of development versions, from before the migrations of each app became one. With 0.1.0 this may go."""

from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

# An early one and the last one of each app: who has that one has the tables of today.
_FORMER = {
    "chains_app": ("0002_sent_at", "0005_set_aside"),
    "merchants_app": ("0002_treasury_withdrawal", "0016_answers_say_their_form"),
    "sessions_app": ("0002_quote_in_force", "0019_foreign_keys_hold"),
    "webhooks_app": ("0002_indexes_and_health", "0008_foreign_keys_hold"),
}
_SENTENCE = (
    "This database was made by a development version of Tallystick, and nothing leads from there to this one. Take an "
    "empty one: name another in DATABASE_URL, or, with `make run`, move the data folder (`.data`) away."
)


def refuse_former_data(using: str = "default", **_: Any) -> None:
    """Before `migrate` begins (`pre_migrate`): half of the tables being there already, it would break off anywhere."""
    recorded = MigrationRecorder(connections[using]).applied_migrations()
    for app, (early, last) in _FORMER.items():
        if (app, early) in recorded and (app, last) not in recorded:
            raise CommandError(_SENTENCE)

"""Data of development versions: what has today's tables goes on, all else is refused with a sentence."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db


def record(*names: str) -> None:
    for name in names:
        MigrationRecorder(connection).record_applied("sessions_app", name)


def test_data_of_an_earlier_development_version_is_refused_in_a_sentence() -> None:
    record("0002_quote_in_force", "0003_collected_payments")
    with pytest.raises(CommandError, match="made by a development version"):
        call_command("migrate", verbosity=0)


def test_data_of_the_last_one_goes_on() -> None:
    record("0002_quote_in_force", "0003_collected_payments", "0019_foreign_keys_hold")
    call_command("migrate", verbosity=0)

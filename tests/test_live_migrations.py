"""Every new migration runs beside shops that sell: by django-migration-linter's rules, or for a reason given here."""

import pytest
from django_migration_linter import MigrationLinter

pytestmark = pytest.mark.django_db(transaction=True)  # statements that no transaction may be around

OURS = ("chains_app", "merchants_app", "sessions_app", "webhooks_app")
# Older ones were written before these rules, which some of them break, and were seen beside no shop that sold. From
# here on `python -m bench upgrade` plays them so.
LOOKED_AT = {"chains_app": "0006", "merchants_app": "0008", "sessions_app": "0025", "webhooks_app": "0004"}
# (app, migration) → rule of the linter → why it may be broken there.
STYLE = "RUNPYTHON_ARGS_NAMING_CONVENTION"  # what arguments are called stops nobody
_SHOWN = "a constraint that was validated beside others has shown it, so nothing is read for it"
_LEFT_BROKEN = "one that an interrupted run has left broken, which nobody reads"
EXCUSED: dict[tuple[str, str], dict[str, str]] = {
    ("merchants_app", "0016_who_wants_letters_by_index"): {"DROP_INDEX": _LEFT_BROKEN},
    ("sessions_app", "0028_lists_of_a_year"): {"DROP_INDEX": _LEFT_BROKEN},
    ("sessions_app", "0029_lines_by_collection"): {"DROP_INDEX": _LEFT_BROKEN},
    ("sessions_app", "0030_lists_of_operators"): {"DROP_INDEX": _LEFT_BROKEN},
    ("sessions_app", "0032_fees_of_coin_from_inside"): {"DROP_INDEX": _LEFT_BROKEN},
    ("sessions_app", "0039_announcements_by_network"): {"DROP_INDEX": _LEFT_BROKEN},
    ("sessions_app", "0045_announcements_asked_about"): {"DROP_INDEX": _LEFT_BROKEN},
    ("sessions_app", "0041_refunds_know_their_business"): {"DROP_INDEX": _LEFT_BROKEN, "NOT_NULL": _SHOWN},
    ("sessions_app", "0044_customers_sorted"): {"DROP_INDEX": _LEFT_BROKEN},
}


def test_each_new_migration_lets_others_use_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    linter = MigrationLinter(no_cache=True, all_warnings_as_errors=True, ignore_sqlmigrate_errors=False)
    known = linter.migration_loader.disk_migrations
    new = [(app, name) for app, name in known if app in OURS and name[:4] > LOOKED_AT[app]]
    assert new
    assert EXCUSED.keys() <= set(new)
    for app, name in new:
        linter.exclude_migration_tests = [STYLE, *EXCUSED.get((app, name), {})]
        linter.lint_migration(known[app, name])
    assert not linter.has_errors, capsys.readouterr().out


def test_one_that_stops_them_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    linter = MigrationLinter(no_cache=True, all_warnings_as_errors=True)
    linter.lint_migration(linter.migration_loader.disk_migrations["sessions_app", "0007_refunds_by_status"])
    assert linter.has_errors
    assert "ALTERING columns" in capsys.readouterr().out

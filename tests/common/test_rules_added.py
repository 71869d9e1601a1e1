"""A rule that a migration adds beside shops that sell: run again after a stop, and before rows that break it."""

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.state import ModelState, ProjectState

from common.postgresql.migrating import AddCheckOnce

pytestmark = pytest.mark.django_db

RULE = AddCheckOnce("cup", models.CheckConstraint(condition=models.Q(size__gt=0), name="cups_hold_something"))


@pytest.fixture
def cups() -> ProjectState:
    """A table of cups, of which nobody knows every size."""
    state = ProjectState()
    state.add_model(
        ModelState(
            "shop", "Cup", [("id", models.AutoField(primary_key=True)), ("size", models.IntegerField(null=True))]
        )
    )
    with connection.schema_editor(atomic=False) as editor:
        editor.create_model(state.apps.get_model("shop", "cup"))
    return state


def forwards(state: ProjectState) -> None:
    with connection.schema_editor(atomic=False) as editor:
        RULE.database_forwards("shop", editor, state, ruled(state))


def backwards(state: ProjectState) -> None:
    with connection.schema_editor(atomic=False) as editor:
        RULE.database_backwards("shop", editor, ruled(state), state)


def ruled(state: ProjectState) -> ProjectState:
    after = state.clone()
    RULE.state_forwards("shop", after)
    return after


def put(*sizes: int | None) -> list[int]:
    """Their ids."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop_cup (size) SELECT unnest(%s::int[]) RETURNING id", [list(sizes)])
        return [id_ for (id_,) in cursor.fetchall()]


def standing() -> list[tuple[str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'shop_cup'::regclass AND contype = 'c'"
        )
        return list(cursor.fetchall())


def test_it_comes_and_goes_however_often_it_is_run(cups: ProjectState) -> None:
    put(3, None)
    for _ in range(2):
        forwards(cups)
        assert standing() == [("cups_hold_something", True)]
    with pytest.raises(IntegrityError, match="cups_hold_something"), transaction.atomic():
        put(0)
    for _ in range(2):
        backwards(cups)
        assert standing() == []
    put(0)


def test_rows_that_break_it_are_named_and_nothing_is_added(cups: ProjectState) -> None:
    broken = put(3, None, *[0] * 6)[2:]
    with pytest.raises(CommandError) as refusal:
        forwards(cups)
    told = ", ".join(map(str, broken[:5]))
    assert f"shop_cup break the rule cups_hold_something, among them those with id {told}." in str(refusal.value)
    assert standing() == []
    put(0)  # who sells is not held up by it

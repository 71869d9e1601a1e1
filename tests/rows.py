"""What something writes: the rows of all tables that it adds or changes, without what each row draws for itself."""

import json
import re
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import models, transaction

from merchants_app.requests.idempotency import readable

Rows = dict[str, list[str]]
_Tables = dict[type[models.Model], dict[Any, dict[str, Any]]]
_OWN = ("public_id", "page_token")
_ID = re.compile(r"\b[a-z]{2,4}_[0-9a-z]{26,}")


def written_by(way: Callable[[], object]) -> Rows:
    """The rows by table, as sorted text; what the way has written is undone again.

    A new row's key is left out, and its own random ids are named by what they are of, wherever they stand.
    """
    with transaction.atomic():
        before = _all_rows()
        way()
        after = _all_rows()
        transaction.set_rollback(True)
    names = {
        row[name]: f"<{model.__name__} {name}>"
        for model, rows in after.items()
        for key, row in rows.items()
        for name in _OWN
        if name in row and key not in before[model]
    }
    written = {
        model: {k: row for k, row in rows.items() if row != before[model].get(k)} for model, rows in after.items()
    }
    return {
        model._meta.db_table: sorted(_text(model, row, before, names) for row in rows.values())
        for model, rows in written.items()
        if rows
    }


def _all_rows() -> _Tables:
    return {
        model: {row[model._meta.pk.attname]: row for row in model._base_manager.values()}
        for model in apps.get_models()
        if model._meta.pk is not None
    }


def _text(model: type[models.Model], row: dict[str, Any], before: _Tables, names: dict[str, str]) -> str:
    described = dict(row)
    for field in model._meta.concrete_fields:
        of = field.related_model if field.is_relation else model
        if (
            (field.is_relation or field.primary_key)
            and isinstance(of, type)
            and described[field.attname] not in before[of]
        ):
            described[field.attname] = None if described[field.attname] is None else f"<new {of.__name__}>"
        elif isinstance(field, models.BinaryField):
            described[field.attname] = json.loads(
                readable(bytes(described[field.attname]), is_encrypted=described["is_encrypted"])
            )
    described.pop("is_encrypted", None)  # what is compared is the answer, not how it lies there
    described.pop("written_at", None)  # by the database's own clock, which stands still for nobody
    text = json.dumps(described, default=str, sort_keys=True, ensure_ascii=False)
    return _ID.sub(lambda found: names.get(found[0], found[0]), text)

"""Models read by hand-written SQL, where building a statement with the ORM costs more than running it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from json import JSONDecoder
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models.base import ModelState

from common.postgresql.base import DatabaseWrapper

M = TypeVar("M", bound=models.Model)


class Columns(Generic[M]):
    """Some or all columns of a model: names them in a SELECT, and makes instances of what the SELECT answered."""

    def __init__(self, model: type[M], *names: str) -> None:
        """Of all fields, or of those named; an instance fetches the others when they are asked for."""
        fields = model._meta.concrete_fields
        self.model = model
        self.fields = [field for field in fields if field.name in names] if names else list(fields)
        self._names = [field.attname for field in self.fields]
        # psycopg makes Python values of most columns; JSON is read by the field's own decoder.
        self._json = [
            (field.attname, (field.decoder or JSONDecoder)().decode)
            for field in self.fields
            if isinstance(field, models.JSONField)
        ]

    def __len__(self) -> int:
        return len(self.fields)

    def of(self, alias: str) -> str:
        """For the SELECT: `alias.column, …`."""
        return ", ".join(f"{alias}.{field.column}" for field in self.fields)

    def read(self, values: Sequence[Any]) -> M:
        """An instance of one row's values, in the order of `of`."""
        # As unpickling makes one: without the loop over all fields that `Model.__init__` is, and its signals.
        instance = self.model.__new__(self.model)
        known = instance.__dict__
        known.update(zip(self._names, values, strict=True))
        for name, decode in self._json:
            if known[name] is not None:
                known[name] = decode(known[name])
        instance._state = ModelState()
        instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
        return instance


class Blank(Generic[M]):
    """Makes unsaved instances of a model without the loop over all fields that `Model.__init__` is, and its signals."""

    def __init__(self, model: type[M]) -> None:
        fields = model._meta.concrete_fields
        anew = [field for field in fields if field.has_default() and callable(field.default)]
        self.model = model
        self._always = {field.attname: field.get_default() for field in fields if field not in anew}
        self._anew = [(field.attname, field.default) for field in anew]

    def instance(self, **values: Any) -> M:
        """With these values by column (`merchant_id`), else a field's default."""
        instance = self.model.__new__(self.model)
        made = instance.__dict__
        made.update(self._always)
        made.update(values)
        for name, default in self._anew:
            if name not in values:
                made[name] = default()
        instance._state = ModelState()
        return instance


def rows(sql: str, given: dict[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """What a statement answers. It is prepared; every parameter needs a type: `%(id)s::bigint`."""
    database: DatabaseWrapper = connections[DEFAULT_DB_ALIAS]  # type: ignore[assignment]  # settings say which it is
    return database.fetch_prepared(sql, given)


def failing_alone() -> AbstractContextManager[Any]:
    """Around one statement that may fail: it needs no transaction of its own, but must not break another's."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()

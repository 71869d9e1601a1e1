"""Wide rows that are asked for again and again, and hardly ever there."""

from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def rare(rows: QuerySet[Row], *related: str) -> list[Row]:
    """The rows with what belongs to them, once it is known that there are any.

    A join of a hundred columns takes Django longer to write than PostgreSQL to answer.
    """
    return list(rows.select_related(*related)) if rows.exists() else []

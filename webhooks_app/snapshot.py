"""What the first migration names; nothing uses it any more."""

from django.db.models import BigIntegerField, Func


class CurrentTransaction(Func):
    """Id of the transaction that writes the row."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = BigIntegerField()

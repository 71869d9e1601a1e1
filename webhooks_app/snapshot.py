"""PostgreSQL's view of which transactions are over, as Django expressions."""

from django.db.models import BigIntegerField, Func


class CurrentTransaction(Func):
    """Id of the transaction that writes the row (64 bits: it does not wrap)."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = BigIntegerField()


class OldestRunningTransaction(Func):
    """Every transaction with a smaller id is over: committed and visible, or gone."""

    template = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    output_field = BigIntegerField()

"""What rows rely on is there: PostgreSQL itself refuses a row that names nothing, whoever writes it and however."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, models, transaction

from merchants_app.models import Merchant, Treasury
from sessions_app.models import CheckoutSession, StatusChange
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.models import Delivery, WebhookEndpoint

NOBODY = 0

POINTERS = [
    (CheckoutSession, "merchant_id"),
    (CheckoutSession, "treasury_id"),
    (StatusChange, "session_id"),
    (Delivery, "endpoint_id"),
]


@pytest.fixture
def told(mia: Merchant, new_session: Callable[..., CheckoutSession]) -> None:
    """A session in Mia's books, with a timeline and a delivery to her endpoint."""
    create_endpoint(merchant=mia, mode="test", url="http://127.0.0.1:9/hooks", actor="mia@example.com")
    new_session()


def refuses(sql: str) -> bool:
    """Whether the database refuses the statement; it is undone either way."""
    with transaction.atomic():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
                assert cursor.rowcount >= 1
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except IntegrityError:
            return True
        transaction.set_rollback(True)
        return False


@pytest.mark.parametrize(("model", "column"), POINTERS, ids=lambda each: getattr(each, "__name__", each))
def test_the_database_refuses_an_orphan(told: None, model: type[models.Model], column: str) -> None:
    assert not refuses(f"UPDATE {model._meta.db_table} SET {column} = {column}")
    assert refuses(f"UPDATE {model._meta.db_table} SET {column} = {NOBODY}")


@pytest.mark.parametrize("model", [Treasury, CheckoutSession, WebhookEndpoint], ids=lambda model: model.__name__)
def test_the_database_keeps_what_a_row_names(told: None, model: type[models.Model]) -> None:
    newest = f"WHERE id = (SELECT max(id) FROM {model._meta.db_table} WHERE mode = 'test')"
    assert refuses(f"DELETE FROM {model._meta.db_table} {newest}")
    assert refuses(f"UPDATE {model._meta.db_table} SET id = id + 1000 {newest}")

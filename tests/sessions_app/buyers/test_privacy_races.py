"""A buyer who buys again while being erased: the new session is somebody new's, and keeps what it was given."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sessions_app.buyers import erasing
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.errors import StillNeeded
from sessions_app.models import CheckoutSession
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import cancel
from tests.cast import MIAS_WALLET, agreed, merchant
from tests.races import closing
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])


def test_a_session_made_meanwhile_waits_and_makes_a_new_customer() -> None:
    mia = merchant("Mia Coffee", MIAS_WALLET)
    old = create_session(merchant=mia, mode="test", terms=agreed())
    cancel(old)
    CheckoutSession.objects.filter(pk=old.pk).update(watch_until=timezone.now() - timedelta(days=1))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase_buyer(old.customer, actor="mia@example.com")
            making = pool.submit(closing(create_session), merchant=mia, mode="test", terms=agreed())
            wait_until(somebody_waits)
        new = making.result(timeout=30)
    new, old = (CheckoutSession.objects.select_related("customer").get(pk=each.pk) for each in (new, old))
    assert (old.customer.name, new.customer.email) == ("Erased", "pat@example.com")
    assert new.customer_id != old.customer_id


def test_who_buys_while_a_days_answers_are_searched_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are decrypted for that. The session made meanwhile keeps the buyer, and is erased by the next try."""
    mia = merchant("Mia Coffee", MIAS_WALLET)
    old = cancel(create_session(merchant=mia, mode="test", terms=agreed()))
    past = timezone.now() - timedelta(days=1)
    CheckoutSession.objects.filter(pk=old.pk).update(watch_until=past)
    search, searched = erasing.forget_in_answers, list[str]()
    with ThreadPoolExecutor(1) as pool:

        def somebody_buys(word: str, **of: Any) -> None:
            searched.append(word)
            search(word, **of)
            if len(searched) == 1:
                pool.submit(closing(create_session), merchant=mia, mode="test", terms=agreed()).result(timeout=20)

        monkeypatch.setattr(erasing, "forget_in_answers", somebody_buys)
        with pytest.raises(StillNeeded, match="is open"):
            erase_buyer(old.customer, actor="mia@example.com")
    cancel(old.customer.sessions.get(status="open"))
    old.customer.sessions.update(watch_until=past)
    assert erase_buyer(old.customer, actor="mia@example.com") == 2
    assert searched == ["pat@example.com"] * 2

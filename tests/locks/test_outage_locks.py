"""A network's outage beside what people do meanwhile: sessions are held as everybody holds them, by their keys."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.watching.standing_still import keep_ends
from tests.cast import MIAS_WALLET, merchant
from tests.locks.cases_outage import ALL, unread_for_a_minute
from tests.locks.stage import waiting_for_money

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.moves_everybody(ALL)]


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def test_sessions_are_held_in_the_order_of_their_keys(mia: Merchant) -> None:
    """In another order two who hold several would wait for each other for ever."""
    waiting_for_money(mia)
    unread_for_a_minute()
    with CaptureQueriesContext(connection) as caught:
        keep_ends(timezone.now())
    held = [each["sql"] for each in caught if "FOR UPDATE" in each["sql"]]
    assert held
    assert all(re.search(r"ORDER BY (1|\S*\"id\") ASC FOR UPDATE", each) for each in held), held

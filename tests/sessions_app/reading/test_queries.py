"""The decision queue, session by session."""

import pytest

from merchants_app.models import Merchant
from sessions_app.reading.queries import waiting_since
from tests.locks.stage import underpaid, waiting_for_money

pytestmark = pytest.mark.django_db


def test_each_session_waits_since_its_own_issue_was_opened(mia: Merchant) -> None:
    first, second = underpaid(mia), underpaid(mia)
    opened = [each.timeline.get(needs_decision=True).at for each in (first, second)]
    assert opened[0] < opened[1]
    assert [waiting_since(first), waiting_since(second)] == opened
    assert waiting_since(waiting_for_money(mia)) is None

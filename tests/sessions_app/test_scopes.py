"""Each list that a door may show: all of one business in one mode, nothing of anybody else's, in the order it says."""

import pytest

from sessions_app.scope import SessionScope
from tests.strangers.world import MODES, world

NEWEST_FIRST = ["keys", "requests", "treasuries", "sessions", "links", "customers"]
OLDEST_FIRST = ["endpoints", "members", "invitations"]
IN_NO_ORDER = ["events", "audit_entries"]


@pytest.mark.django_db
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", [*NEWEST_FIRST, *OLDEST_FIRST, *IN_NO_ORDER])
def test_a_list_has_what_is_of_one_business_in_one_mode_and_nothing_else(name: str, mode: str) -> None:
    zoe = world("zoe", mode)
    rows = getattr(SessionScope(zoe.merchant, mode), name)()
    of_zoe = [
        row.pk
        for row in rows.model.objects.order_by("pk")
        if row.merchant_id == zoe.merchant.pk
        and getattr(row, "mode", "") in {mode, ""}
        and getattr(row, "deleted_at", None) is None
    ]
    if name in NEWEST_FIRST:
        of_zoe.reverse()
    shown = [row.pk for row in rows]
    assert (sorted(shown) if name in IN_NO_ORDER else shown) == of_zoe
    assert 0 < len(of_zoe) < rows.model.objects.count()

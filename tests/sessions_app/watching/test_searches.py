"""A session's money is looked for at its merchant's wish, one search at a time, and not for hundreds at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, MoneySearch
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.watching.searches import SearchedLately, ask_for_search
from tests.cast import agreed

NOW = timezone.now()


def asked(session: CheckoutSession, *, seconds: float = 0) -> MoneySearch:
    return ask_for_search(session=session, actor="mia@example.com", now=NOW + timedelta(seconds=seconds))


def shown_an_address(session: CheckoutSession) -> CheckoutSession:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return session


@pytest.fixture
def ottos(otto: Merchant) -> CheckoutSession:
    return shown_an_address(create_session(merchant=otto, mode="test", terms=agreed()))


def test_twenty_of_a_business_wait_at_most_whatever_others_wait_for(
    new_session: Callable[..., CheckoutSession], ottos: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.watching.searches.MOST_WAITING", 2)
    asked(ottos)
    first, second, third = (shown_an_address(new_session()) for _ in range(3))
    search = asked(first)
    asked(second)
    with pytest.raises(SearchedLately, match="2 searches of this business wait already"):
        asked(third)
    MoneySearch.objects.filter(pk=search.pk).update(done_at=NOW)
    asked(third)


def test_again_it_is_looked_for_after_ten_minutes_when_that_is_done(ottos: CheckoutSession) -> None:
    search = asked(ottos)
    with pytest.raises(SearchedLately, match="or is just now"):
        asked(ottos, seconds=3600)
    MoneySearch.objects.filter(pk=search.pk).update(done_at=NOW)
    with pytest.raises(SearchedLately, match="less than 10 minutes ago"):
        asked(ottos, seconds=599)
    asked(ottos, seconds=600)

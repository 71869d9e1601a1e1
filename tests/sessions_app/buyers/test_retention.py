"""Buyers are forgotten by themselves, as long after their last session as their business says."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from merchants_app.models import AuditEntry, Merchant
from sessions_app.buyers import retention
from sessions_app.buyers.retention import erase_old_buyers
from sessions_app.models import CheckoutSession, Customer
from sessions_app.selling.creation import create_session
from sessions_app.tasks import erase_old_buyers as job
from tests.cast import agreed, refreshed
from tests.desk import Desk
from tests.merchants_app.businesses.test_business_pages import SETTINGS
from tests.sandbox import Sandbox
from tests.strangers.world import own


@pytest.fixture
def mia_keeps_40_days(mia: Merchant) -> Merchant:
    mia.keep_buyers_days = 40
    mia.save(update_fields=["keep_buyers_days"])
    return mia


@pytest.fixture
def over(sandbox: Sandbox, session: CheckoutSession) -> CheckoutSession:
    """Pat's session, expired unpaid an hour after now."""
    sandbox.skip(hours=2)
    sandbox.look()
    return refreshed(session)


@pytest.mark.parametrize(("days", "erased"), [(39, 0), (41, 1)])
def test_whoever_bought_last_so_long_ago_is_erased(
    mia_keeps_40_days: Merchant, over: CheckoutSession, later: Callable[[int], None], days: int, erased: int
) -> None:
    later(days)
    assert erase_old_buyers(timezone.now()) == erased
    assert (refreshed(over).email == "pat@example.com") == (erased == 0)
    lines = own(AuditEntry).filter(action="buyers.erased")
    assert [(line.actor, line.mode, line.detail) for line in lines] == [
        ("system", "test", {"buyers": 1, "kept_days": 40})
    ] * erased


def test_a_later_session_keeps_a_buyer(
    mia_keeps_40_days: Merchant, over: CheckoutSession, later: Callable[[int], None], sandbox: Sandbox
) -> None:
    later(30)
    create_session(merchant=mia_keeps_40_days, mode="test", terms=agreed(email="PAT@example.com"))
    sandbox.skip(hours=2)
    sandbox.look()
    later(15)
    assert erase_old_buyers(timezone.now()) == 0
    later(30)
    assert erase_old_buyers(timezone.now()) == 1


def test_a_business_that_says_nothing_keeps_its_buyers(over: CheckoutSession, later: Callable[[int], None]) -> None:
    later(4000)
    assert erase_old_buyers(timezone.now()) == 0


def test_nobody_elses_buyers_go(
    mia_keeps_40_days: Merchant, otto: Merchant, over: CheckoutSession, later: Callable[[int], None]
) -> None:
    theirs = create_session(merchant=otto, mode="test", terms=agreed())
    later(60)
    erase_old_buyers(timezone.now())
    assert refreshed(theirs).email == "pat@example.com"


def test_one_that_waits_for_a_decision_is_left_for_another_day(
    mia_keeps_40_days: Merchant, sandbox: Sandbox, session: CheckoutSession, later: Callable[[int], None]
) -> None:
    other = create_session(merchant=mia_keeps_40_days, mode="test", terms=agreed(email="other@example.com"))
    sandbox.play(session, "short", asset="USDC")
    sandbox.skip(hours=2)
    assert sandbox.wait(1, session).needs_decision
    later(60)
    assert erase_old_buyers(timezone.now()) == 1
    assert (refreshed(session).email, refreshed(other).name) == ("pat@example.com", "Erased")


def test_many_go_in_batches_each_once(
    mia_keeps_40_days: Merchant, sandbox: Sandbox, later: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        create_session(merchant=mia_keeps_40_days, mode="test", terms=agreed(email=f"pat{number}@example.com"))
    sandbox.skip(hours=2)
    sandbox.look()
    later(60)
    monkeypatch.setattr(retention, "BATCH", 2)
    job()
    assert own(Customer).filter(erased_at=None).count() == 0
    assert own(AuditEntry).get(action="buyers.erased").detail["buyers"] == 5
    job()
    assert own(AuditEntry).filter(action="buyers.erased").count() == 1


def test_a_run_is_bounded_in_time(
    mia_keeps_40_days: Merchant, over: CheckoutSession, later: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    later(60)
    monkeypatch.setattr(retention, "MOST_SECONDS", -1.0)
    assert erase_old_buyers(timezone.now()) == 0


def test_the_settings_say_for_how_long(desk: Desk, mia: Merchant) -> None:
    desk.post("settings", **SETTINGS | {"keep_buyers_days": "400"})
    mia.refresh_from_db()
    assert mia.keep_buyers_days == 400
    assert own(AuditEntry).get(action="settings.changed").detail["keep_buyers_days"] == "none → 400"
    desk.post("settings", **SETTINGS | {"keep_buyers_days": ""})
    mia.refresh_from_db()
    assert mia.keep_buyers_days is None


@pytest.mark.parametrize("wrong", [{"keep_buyers_days": "36"}, {"keep_buyers_days": "100", "watch_days": "71"}])
def test_buyers_are_kept_until_a_month_after_the_watch(desk: Desk, mia: Merchant, wrong: dict[str, str]) -> None:
    answer = desk.post("settings", **SETTINGS | wrong)
    least = int(wrong.get("watch_days", "7")) + 30
    assert f"Keep buyers for at least {least} days" in answer.content.decode()
    mia.refresh_from_db()
    assert (mia.keep_buyers_days, mia.tolerance_percent) == (None, Decimal(1))


def test_the_database_holds_that_too(mia: Merchant) -> None:
    with pytest.raises(IntegrityError, match="buyers_are_kept_beyond_the_watch"), transaction.atomic():
        Merchant.objects.filter(pk=mia.pk).update(keep_buyers_days=36)
    Merchant.objects.filter(pk=mia.pk).update(keep_buyers_days=37)

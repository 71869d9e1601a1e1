"""The clock is read under the lock: what waited for another change is later than that one, not older."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from merchants_app.models import Merchant, Treasury
from merchants_app.treasuries.treasuries import NothingToWithdraw, keep_current, set_treasury, treasury_for
from sessions_app.models import CheckoutSession, Decision, Payment, Refund, StatusChange
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import News, cancel, lock, reassess
from sessions_app.status import DecisionKind, RefundKind
from tests.cast import MIAS_WALLET, PATS_WALLET, agreed, merchant
from tests.races import behind_a_lock
from tests.sessions_app.state.test_races import arrive
from tests.strangers.world import own
from webhooks_app.endpoints.endpoints import create_endpoint, rotate_secret
from webhooks_app.models import WebhookEndpoint

pytestmark = pytest.mark.django_db(transaction=True)

SECOND_WALLET, THIRD_WALLET = PATS_WALLET, "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


@pytest.fixture
def session(mia: Merchant) -> CheckoutSession:
    """It waits for 49.00 USDC on the sandbox."""
    made = create_session(merchant=mia, mode="test", terms=agreed())
    choose_option(session=made, asset="USDC", network="sandbox", now=timezone.now())
    return made


@pytest.fixture
def overpaid(session: CheckoutSession) -> CheckoutSession:
    """11.00 too much arrived, and a refund may go to Pat."""
    arrive(session, amount="60.00")
    now = timezone.now()
    Payment.objects.filter(session=session).update(confirmed_at=now, first_confirmed_at=now)
    CheckoutSession.objects.filter(pk=session.pk).update(refund_address=PATS_WALLET)
    return reassess(session.pk, News(reason="Confirmed."))


def lock_business(business: Merchant) -> Merchant:
    return Merchant.objects.select_for_update().get(pk=business.pk)


def receive_in(business: Merchant, wallet: str) -> Treasury:
    return set_treasury(merchant=business, mode="test", kind="address", address=wallet, by="mia@example.com")


def test_an_older_treasury_request_does_not_take_a_newer_one_back(mia: Merchant) -> None:
    behind_a_lock(
        lambda: receive_in(mia, SECOND_WALLET),
        lock=lambda: lock_business(mia),
        meanwhile=lambda: receive_in(mia, THIRD_WALLET),
    )
    assert Treasury.objects.get(address=THIRD_WALLET).withdrawn_at is None
    assert treasury_for(mia, "test", timezone.now()) == Treasury.objects.get(address=SECOND_WALLET)


def test_keeping_the_present_treasury_takes_none_back_that_came_into_force_meanwhile(mia: Merchant) -> None:
    refusal = behind_a_lock(
        lambda: keep_current(merchant=mia, mode="test", by="mia@example.com"),
        lock=lambda: lock_business(mia),
        meanwhile=lambda: receive_in(mia, SECOND_WALLET),
    )
    assert isinstance(refusal, NothingToWithdraw)
    assert treasury_for(mia, "test", timezone.now()) == Treasury.objects.get(address=SECOND_WALLET)


def test_a_cancellation_that_waited_stands_last_in_the_timeline(session: CheckoutSession) -> None:
    behind_a_lock(
        lambda: cancel(session),
        lock=lambda: lock(session.pk),
        meanwhile=lambda: reassess(session.pk, News(reason="Something else.", noted=True)),
    )
    rows = list(StatusChange.objects.filter(session=session).order_by("at").values_list("reason", flat=True))
    assert rows[-2:] == ["Something else.", "Cancelled."]


def test_a_decision_that_waited_for_a_refund_is_later_than_it(overpaid: CheckoutSession) -> None:
    behind_a_lock(
        lambda: decide(session=overpaid, kind=DecisionKind.ACCEPT, actor="mia@example.com"),
        lock=lambda: lock(overpaid.pk),
        meanwhile=lambda: refund(overpaid),
    )
    assert own(Refund).get().prepared_at < own(Decision).get().decided_at


def test_a_refund_that_waited_for_a_decision_is_later_than_it(overpaid: CheckoutSession) -> None:
    behind_a_lock(
        lambda: refund(overpaid),
        lock=lambda: lock(overpaid.pk),
        meanwhile=lambda: decide(session=overpaid, kind=DecisionKind.ACCEPT, actor="mia@example.com"),
    )
    assert own(Decision).get().decided_at < own(Refund).get().prepared_at


def test_a_former_secret_goes_on_for_a_day_from_when_it_was_replaced(mia: Merchant) -> None:
    endpoint, _ = create_endpoint(merchant=mia, mode="test", url="http://127.0.0.1:9/hooks", actor="mia@example.com")
    let_go_after = timezone.now()

    def wait() -> None:
        nonlocal let_go_after
        let_go_after = timezone.now()

    behind_a_lock(
        lambda: rotate_secret(endpoint=endpoint, actor="mia@example.com"),
        lock=lambda: WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk),
        meanwhile=wait,
    )
    endpoint.refresh_from_db()
    assert endpoint.previous_secret_until is not None
    assert endpoint.previous_secret_until > let_go_after + timedelta(hours=24)


def refund(session: CheckoutSession) -> Refund:
    wish = Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.AMOUNT, Decimal("11.00")))
    return prepare_refund(session=session, wish=wish, actor="mia@example.com")

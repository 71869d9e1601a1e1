"""A refund is reached through its own session only: not from another business's, another mode's or another session."""

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Decision, Refund
from sessions_app.reading.list_sql import read_newest
from sessions_app.selling.creation import create_session
from sessions_app.state.reading_sql import read_session
from sessions_app.state.session_view import SessionView
from tests.cast import agreed
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox
from tests.sessions_app.refunding.test_refunds import prepared


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Half as much again was paid, in USDC."""
    return play_once("over", asset="USDC")


@pytest.fixture
def session(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


@pytest.fixture
def mias_refund(session: CheckoutSession) -> Refund:
    """Mia owes Pat the excess of a payment."""
    return prepared(session)


@pytest.fixture
def ottos_session(otto: Merchant) -> CheckoutSession:
    """One that nobody has paid."""
    return create_session(merchant=otto, mode="test", terms=agreed())


def page_of(session: CheckoutSession, *rest: str) -> str:
    return "/".join(["sessions", session.public_id, "refund", *rest])


def test_another_business_sees_no_refund_on_a_session_of_its_own(
    ottos_desk: Desk, ottos_session: CheckoutSession, mias_refund: Refund
) -> None:
    assert mias_refund.public_id not in ottos_desk.read(page_of(ottos_session))


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_business_cannot_reach_it_through_a_session_of_its_own(
    ottos_desk: Desk, ottos_session: CheckoutSession, mias_refund: Refund, method: str
) -> None:
    form = {"act": "withdraw"} if method == "post" else {}
    answer = getattr(ottos_desk, method)(page_of(ottos_session, mias_refund.public_id), **form)
    assert answer.status_code == 404
    mias_refund.refresh_from_db()
    assert mias_refund.withdrawn_at is None


def test_the_same_business_cannot_reach_it_through_its_other_mode(
    desk: Desk, mia: Merchant, mias_refund: Refund
) -> None:
    live = create_session(merchant=mia, mode="live", terms=agreed())
    assert mias_refund.public_id not in desk.in_("live").read(page_of(live))
    assert desk.in_("live").post(page_of(live, mias_refund.public_id), act="withdraw").status_code == 404


@pytest.mark.parametrize("name", ["payments", "decisions", "refunds"])
def test_whatever_is_asked_of_a_session_that_was_read_by_hand_is_its_own(
    mia: Merchant, mias_refund: Refund, session: CheckoutSession, name: str
) -> None:
    Decision.objects.create(
        session=session, kind="write_off", issue="overpaid", actor="test", decided_at=timezone.now()
    )
    other = create_session(merchant=mia, mode="test", terms=agreed(email="other@example.com"))
    for read in (read_session(mia, "test", other.public_id), newest_of(mia)):
        assert getattr(read, name) == []
    assert len(getattr(read_session(mia, "test", session.public_id), name)) == 1


def newest_of(merchant: Merchant) -> SessionView:
    return read_newest(merchant, "test", filters={}, metadata={}, below=None, limit=1)[0]

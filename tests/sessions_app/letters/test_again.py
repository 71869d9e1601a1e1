"""The link of a session that was made by hand, sent to its buyer once more."""

from datetime import timedelta

from django.utils import timezone

from merchants_app.models import AuditEntry
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession
from tests.desk import Desk
from tests.merchants_app.frame.test_once import token_on
from tests.sessions_app.dashboard.test_by_hand import INVOICE, LETTERS
from tests.strangers.world import own


def test_the_buyer_is_sent_the_link_again_once_an_hour_while_it_can_be_paid(desk: Desk) -> None:
    desk.post("new-session", email="mia@example.com", **INVOICE)
    page = f"sessions/{own(CheckoutSession).get().public_id}"

    def said() -> str:
        desk.post(f"{page}/write")
        return desk.read(page)

    token = token_on(desk, page)
    for _ in range(2):
        desk.post(f"{page}/write", once=token)
        assert "The link is on its way to mia@example.com." in desk.read(page)
    assert LETTERS.count() == AuditEntry.objects.filter(action="session.link_sent").count() == 1
    assert "was sent the link within the last hour" in said()
    assert LETTERS.count() == 1
    LETTERS.update(owed_at=timezone.now() - timedelta(minutes=61))
    assert "The link is on its way" in said()
    assert send_letters(timezone.now()) == LETTERS.count() == 2
    assert AuditEntry.objects.filter(action="session.link_sent").count() == 2
    desk.post(f"{page}/cancel")
    assert "Nothing can be paid by this link any more" in said()


def test_the_link_is_sent_again_to_nobody_who_would_get_no_letter(desk: Desk) -> None:
    desk.post("new-session", email="nora@example.com", **INVOICE)
    session = own(CheckoutSession).get()
    page = f"sessions/{session.public_id}"
    desk.post(f"{page}/write")
    assert "in test mode only your own people get any" in desk.read(page)
    CheckoutSession.objects.filter(pk=session.pk).update(email="")
    desk.post(f"{page}/write")
    assert "No e-mail address of this buyer is known" in desk.read(page)
    assert not LETTERS.exists()

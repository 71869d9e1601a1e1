"""The link of a session that was made by hand, and the receipt of any that is paid, sent to the buyer once more."""

from collections.abc import Callable
from datetime import timedelta

from django.core import mail
from django.utils import timezone

from merchants_app.models import AuditEntry, Merchant
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession, Letter
from tests.desk import Desk
from tests.merchants_app.frame.test_once import token_on
from tests.sandbox import Sandbox
from tests.sessions_app.dashboard.test_by_hand import INVOICE, LETTERS, asked
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


def test_the_receipt_is_sent_again_once_an_hour_though_receipts_are_switched_off(
    desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    session = new_session(email="mia@example.com")
    session.merchant.buyer_letters_off = ["receipt"]
    session.merchant.save()
    page, receipts = f"sessions/{session.public_id}", Letter.objects.filter(session=session, kind="receipt")

    def said() -> str:
        desk.post(f"{page}/write-receipt")
        return desk.read(page)

    assert "No payment is here that a receipt could be of" in said()
    sandbox.play(session, "exact")
    assert not receipts.exists()
    mail.outbox.clear()
    for again in (1, 2):
        assert "The receipt is on its way to mia@example.com." in said()
        assert "was sent the receipt within the last hour" in said()
        assert send_letters(timezone.now()) == 1
        sent = {each.extra_headers["Message-ID"] for each in mail.outbox}
        assert receipts.filter(outcome="sent").count() == len(sent) == again
        assert AuditEntry.objects.filter(action="session.receipt_sent", subject=session.public_id).count() == again
        sandbox.skip(minutes=61)


def test_no_receipt_is_sent_of_a_payment_that_was_taken_back(
    desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    session = sandbox.play(new_session(email="mia@example.com"), "reorged", seconds=12)
    assert session.status == "completed"
    sandbox.skip(minutes=61)
    desk.post(f"sessions/{session.public_id}/write-receipt")
    page = desk.read(f"sessions/{session.public_id}")
    assert "No payment is here that a receipt could be of" in page
    assert "Send the buyer the receipt again" not in page


def test_receipts_that_are_asked_for_are_among_the_letters_of_a_day(
    desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    page = f"sessions/{sandbox.play(new_session(email='mia@example.com'), 'exact').public_id}"
    Merchant.objects.filter(public_id=desk.business).update(letters_a_day=1)

    def said() -> str:
        desk.post(f"{page}/write-receipt")
        return desk.read(page)

    sandbox.skip(minutes=61)  # since the one that left by itself, which is none of them
    assert "The receipt is on its way" in said()
    sandbox.skip(minutes=61)
    assert "as many as you may send" in said()
    assert "as many as you may send" in asked(desk, "mia@example.com")
    sandbox.skip(hours=24)
    assert "The receipt is on its way" in said()

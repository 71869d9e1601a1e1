"""The buyer is asked by mail where a refund shall go."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from merchants_app.audit import record
from merchants_app.models import AuditEntry
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.errors import WrongRefund
from sessions_app.letters.at_once import ask_by_mail
from sessions_app.models import CheckoutSession
from sessions_app.refunding.mails import NotMailed
from sessions_app.refunding.where import checked_refund_address
from tests.cast import PATS_WALLET
from tests.desk import Desk
from tests.mail_server import mail_server
from tests.sandbox import Sandbox

ANOTHER_WALLET = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"
BUTTON = "Mail it to pat@example.com"


def ask(desk: Desk, session: CheckoutSession) -> str:
    """Presses the button; what the page then says."""
    page = f"sessions/{session.public_id}/refund"
    came_from = {"HTTP_REFERER": f"http://testserver/dashboard/{desk.at}/{page}"}
    answer = desk.client.post(f"/dashboard/{desk.at}/{page}/ask", follow=True, **came_from)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_letter_leads_to_the_page_that_asks(sandbox: Sandbox, session: CheckoutSession, desk: Desk) -> None:
    sandbox.play(session, "exact")
    assert BUTTON in desk.read(f"sessions/{session.public_id}/refund")
    assert "Mailed to pat@example.com." in ask(desk, session)
    [letter] = mail.outbox
    assert letter.to == ["pat@example.com"]
    assert letter.subject == "Mia Coffee: where shall your money go back to?"
    assert "Winter box, 1 kg (49.00 USD)" in letter.body
    assert (letter.from_email, letter.reply_to) == ("Mia Coffee <no-reply@localhost>", ["hello@mia.example"])
    assert "no real money moves" in letter.body
    link = next(line.strip() for line in letter.body.splitlines() if "://" in line)
    assert "Where shall your money go back to?" in Client().get(urlsplit(link).path).content.decode()
    line = AuditEntry.objects.get(action="refund.address_asked")
    assert (line.actor, line.subject) == ("mia@example.com", session.public_id)


def test_nobody_is_asked_twice_within_the_hour(sandbox: Sandbox, session: CheckoutSession, desk: Desk) -> None:
    sandbox.play(session, "exact")
    record(merchant=session.merchant, mode="test", actor="mia", action="session.written_off", subject=session.public_id)
    ask(desk, session)
    assert "within the last hour" in ask(desk, session)
    assert len(mail.outbox) == 1
    sandbox.skip(minutes=61)
    CheckoutSession.objects.filter(pk=session.pk).update(buyer_language="fr")
    assert "Mailed to" in ask(desk, session)
    first, second = mail.outbox
    assert first.message()["Message-ID"] != second.message()["Message-ID"]  # or the mailbox would keep one of them
    assert second.subject == "Mia Coffee : où votre argent doit-il retourner ?"


def test_having_asked_one_buyer_hinders_no_question_to_another(sandbox: Sandbox, new_session: Any, desk: Desk) -> None:
    for session in (new_session(), new_session()):
        sandbox.play(session, "exact")
        assert "Mailed to" in ask(desk, session)
    assert len(mail.outbox) == 2


def test_an_erased_buyer_is_asked_nothing_and_leaves_no_address(
    sandbox: Sandbox, session: CheckoutSession, later: Callable[[int], None]
) -> None:
    sandbox.play(session, "exact")
    later(10)
    erase_buyer(session.customer, actor="mia@example.com")
    erased = CheckoutSession.objects.get(pk=session.pk)
    with pytest.raises(NotMailed, match="The buyer was erased"):
        ask_by_mail(erased, actor="mia@example.com", now=timezone.now())
    with pytest.raises(WrongRefund, match="nothing is kept about its buyer"):
        checked_refund_address(erased, PATS_WALLET)
    assert mail.outbox == []


def test_nobody_is_asked_while_there_is_nothing_to_send_back(session: CheckoutSession, desk: Desk) -> None:
    assert BUTTON not in desk.read(f"sessions/{session.public_id}/refund")
    assert "nothing can go back" in ask(desk, session)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("reply", "expected"), [("550 5.1.1 no such user", "refuses to deliver"), ("450 4.2.0 later", "Try again later")]
)
def test_a_letter_that_did_not_leave_is_told_and_may_be_tried_again(
    sandbox: Sandbox, session: CheckoutSession, desk: Desk, settings: Any, reply: str, expected: str
) -> None:
    sandbox.play(session, "exact")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        server.to_reader["pat@example.com"] = reply
        assert expected in ask(desk, session)
        server.to_reader.clear()
        assert "Mailed to" in ask(desk, session)


def test_only_who_may_act_on_sessions_asks_and_only_about_their_own(
    sandbox: Sandbox, session: CheckoutSession, ottos_desk: Desk, desk: Desk, colleague: Callable[..., Desk]
) -> None:
    sandbox.play(session, "exact")
    page = f"sessions/{session.public_id}/refund/ask"
    assert ottos_desk.post(page).status_code == desk.in_("live").post(page).status_code == 404
    assert colleague("viewer").post(page).status_code == 403
    assert desk.get(page).status_code == 405
    assert mail.outbox == []

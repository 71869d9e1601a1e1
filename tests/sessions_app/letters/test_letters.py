"""Letters to buyers: each once, to whom it belongs, and none that is no longer so."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from common.mail_backends import NOWHERE
from merchants_app.models import Merchant
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.letters import sending
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import decide
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.asking import ask_for_refund
from sessions_app.refunding.refunds import play_refund
from sessions_app.state.representation import page_url, receipt_url
from sessions_app.status import LetterOutcome, RefundKind
from tests.cast import OTTOS_WALLET, PATS_WALLET, refreshed
from tests.letters import letters_to
from tests.markup import text_of
from tests.sandbox import Sandbox

NewSession = Callable[..., CheckoutSession]
# In test mode only those who work for the business are written to.
BUYER = "mia@example.com"


@pytest.fixture
def session(new_session: NewSession) -> CheckoutSession:
    return new_session(email=BUYER, reference="10482")


def sent() -> list[str]:
    """The subjects of the letters that leave now."""
    before = len(mail.outbox)
    send_letters(timezone.now())
    return [str(letter.subject) for letter in mail.outbox[before:]]


def newest() -> EmailMultiAlternatives:
    letter = letters_to(BUYER)[-1]
    assert isinstance(letter, EmailMultiAlternatives)
    return letter


def refund_of(session: CheckoutSession, sandbox: Sandbox, **options: Any) -> Refund:
    """One that the sandbox has sent, seen and not final yet."""
    made = ask_for_refund(
        session=refreshed(session), amount=RefundKind.FULL, address=PATS_WALLET, actor="mia", **options
    )
    play_refund(made, now=timezone.now())
    return made


def test_who_has_paid_gets_the_receipt_once(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "exact", asset="USDC", seconds=1)
    assert sent() == []  # it is not final yet
    sandbox.wait(4, session)
    assert sent() == ["Your receipt from Mia Coffee: 49.00 USD"]
    assert sent() == []
    letter = newest()
    assert (letter.from_email, letter.reply_to) == ("Mia Coffee <no-reply@localhost>", ["hello@mia.example"])
    [(html, kind)] = letter.alternatives
    assert kind == "text/html"
    for part in (letter.body, text_of(str(html)) + html):
        assert "Mia Coffee has received your payment of 49.00 USD for Winter box, 1 kg. It is final." in part
        assert "49.00 USDC on Sandbox" in part
        assert receipt_url(session) in part
        assert session.payments.get().tx_hash in part
        assert "This was a test: no real money moves." in part
        assert page_url(session) not in part


def test_what_one_job_has_no_time_for_leaves_with_the_next(
    sandbox: Sandbox, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.play(session, "exact")
    with monkeypatch.context() as slow:
        slow.setattr(sending, "MOST_SECONDS", -1.0)
        assert sent() == []
    assert sent() == ["Your receipt from Mia Coffee: 49.00 USD"]


def test_in_test_mode_nobody_is_written_to_but_the_business_itself(sandbox: Sandbox, new_session: NewSession) -> None:
    session = sandbox.play(new_session(email="pat@example.com"), "exact")
    assert sent() == []
    assert not session.letters.exists()


def test_what_the_business_has_switched_off_is_not_owed(
    sandbox: Sandbox, session: CheckoutSession, mia: Merchant
) -> None:
    Merchant.objects.filter(pk=mia.pk).update(buyer_letters_off=["receipt", "refund_sent"])
    paid = sandbox.play(session, "exact")
    assert sent() == []
    refund_of(paid, sandbox)
    sandbox.wait(5, paid)
    assert sent() == ["Mia Coffee: your money is back"]
    sandbox.chain_takes_back(session)
    sandbox.wait(2, session)
    assert sent() == []  # nobody was told that it was paid


def test_without_a_mail_server_nothing_is_promised(sandbox: Sandbox, session: CheckoutSession, settings: Any) -> None:
    settings.EMAIL_BACKEND = NOWHERE
    sandbox.play(session, "exact")
    assert not session.letters.exists()


def test_who_paid_short_is_told_how_to_get_it_back(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "short", asset="USDC")
    assert sent() == []
    sandbox.skip(minutes=61)
    sandbox.look()
    assert sent() == ["Mia Coffee: the time to pay is over, and money of yours is here"]
    assert f"{page_url(session)}/refund" in newest().body
    sandbox.play(session, "rest", asset="USDC")
    assert sent() == ["Your receipt from Mia Coffee: 49.00 USD"]


def test_a_payment_that_is_taken_back_after_the_receipt_is_told_and_so_is_its_return(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "exact", asset="USDC")
    assert len(sent()) == 1
    sandbox.chain_takes_back(session)
    sandbox.wait(2, session)
    assert sent() == ["Mia Coffee: the network took your payment back"]
    assert receipt_url(session) not in newest().body
    sandbox.play(session, "exact", asset="USDC")
    assert sent() == ["Mia Coffee: your payment is there again"]
    sandbox.chain_takes_back(session)
    sandbox.wait(2, session)
    assert sent() == ["Mia Coffee: the network took your payment back"]


def test_a_payment_that_is_taken_back_before_the_receipt_left_is_told_by_none(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "exact")
    sandbox.chain_takes_back(session)
    sandbox.wait(2, session)
    assert sent() == []
    assert {letter.outcome for letter in session.letters.all()} == {LetterOutcome.OVERTAKEN}
    sandbox.play(session, "exact")
    assert sent() == ["Mia Coffee: your payment is there again"]


def test_a_refund_is_told_when_the_chain_shows_it_and_when_it_is_final(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    paid = sandbox.play(session, "exact", asset="USDC")
    assert len(sent()) == 1
    refund = refund_of(paid, sandbox, reason="One cup was broken")
    assert sent() == []
    sandbox.wait(1, paid)
    refund.refresh_from_db()
    assert refund.status == "seen"
    assert sent() == ["Mia Coffee: money is on its way back to you"]
    sandbox.wait(5, paid)
    assert sent() == ["Mia Coffee: your money is back"]
    for told in ("49.00 USDC", "One cup was broken", PATS_WALLET):
        assert told in newest().body
    assert sent() == []


def test_a_refund_that_says_so_is_told_to_nobody_or_though_it_is_switched_off(
    sandbox: Sandbox, session: CheckoutSession, new_session: NewSession, mia: Merchant
) -> None:
    Merchant.objects.filter(pk=mia.pk).update(buyer_letters_off=["refund_done"])
    paid = sandbox.play(session, "exact")
    sent()
    refund_of(paid, sandbox, notify_buyer=False)
    sandbox.wait(5, paid)
    assert sent() == []
    other = sandbox.play(new_session(email=BUYER), "exact")
    refund_of(other, sandbox, notify_buyer=True)
    sandbox.wait(5, other)
    assert sent()[-1] == "Mia Coffee: your money is back"


def test_nobody_elses_address_gets_words_of_a_test_though_it_is_asked_for(
    sandbox: Sandbox, new_session: NewSession
) -> None:
    paid = sandbox.play(new_session(email="pat@example.com"), "exact")
    refund_of(paid, sandbox, notify_buyer=True, reason="Look at https://example.com")
    sandbox.wait(5, paid)
    assert sent() == []


def test_another_refund_address_is_told(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "over")
    sent()
    leave_address(refreshed(session), PATS_WALLET)
    assert sent() == ["Mia Coffee: where a refund goes"]
    assert PATS_WALLET in newest().body
    assert "If that was not you, write to Mia Coffee at once: hello@mia.example" in newest().body
    assert OTTOS_WALLET not in newest().body


def test_nothing_is_sent_to_whom_nobody_knows_any_more(
    sandbox: Sandbox, session: CheckoutSession, later: Callable[[int], None]
) -> None:
    sandbox.play(session, "exact")
    later(10)
    erase_buyer(refreshed(session).customer, actor="mia@example.com")
    assert not session.letters.exists()
    assert sent() == []


def test_what_is_decided_before_the_letter_left_is_not_told_as_open(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "short")
    sandbox.skip(minutes=61)
    sandbox.look()
    decide(session=refreshed(session), kind="accept", actor="mia", now=timezone.now())
    assert sent() == ["Your receipt from Mia Coffee: 49.00 USD"]
    assert "arrived, which Mia Coffee takes as paid." in newest().body

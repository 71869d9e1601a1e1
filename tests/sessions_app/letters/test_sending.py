"""How letters to buyers leave: tried again, refused, given up, and each by one sender."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from common.lease import lease
from merchants_app.models import Merchant
from sessions_app.letters import sending
from sessions_app.letters.sending import PAUSES, send_letters
from sessions_app.models import CheckoutSession, Letter
from sessions_app.owed.letters import Owed, owe
from sessions_app.selling.creation import create_session
from sessions_app.status import LetterKind, LetterOutcome
from sessions_app.tasks import write_to_buyers
from tests.cast import agreed
from tests.mail_server import MailServer, mail_server

NOW = timezone.now()
ADDRESS = LetterKind.REFUND_ADDRESS


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.server_address[1]
        yield running


def owed(mia: Merchant, email: str = "pat@example.com") -> Letter:
    """A letter to a live buyer that is always true."""
    session = create_session(merchant=mia, mode="live", terms=agreed(email=email))
    owe([Owed(session=session, kind=ADDRESS)], now=NOW)
    return Letter.objects.get(session=session)


def outcome(letter: Letter) -> str:
    letter.refresh_from_db()
    return str(letter.outcome)


def when_due(letter: Letter) -> datetime:
    letter.refresh_from_db()
    return letter.due_at


def test_one_that_is_put_off_is_tried_again_for_three_days(mia: Merchant, server: MailServer) -> None:
    letter, other = owed(mia), owed(mia, "bea@example.com")
    server.to_reader["pat@example.com"] = "450 4.2.0 greylisted"
    assert send_letters(NOW) == 1
    assert (outcome(letter), outcome(other)) == ("", LetterOutcome.SENT)
    assert when_due(letter) == NOW + timedelta(minutes=1)
    assert send_letters(NOW) == 0
    moment = NOW
    for pause in PAUSES:
        moment += pause
        send_letters(moment)
    assert moment - NOW > timedelta(days=2)
    assert (outcome(letter), server.asked.count("pat@example.com")) == (LetterOutcome.GIVEN_UP, 9)


def test_one_that_is_refused_for_good_is_not_tried_again(mia: Merchant, server: MailServer) -> None:
    letter = owed(mia)
    server.to_reader["pat@example.com"] = "550 5.1.1 no such user"
    assert send_letters(NOW) == 0
    assert outcome(letter) == LetterOutcome.REFUSED


def test_a_mail_server_that_says_nothing_holds_one_thread(mia: Merchant, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = "django.core.mail.backends.smtp.EmailBackend", 1
    letter = owed(mia)
    with socket.create_server(("127.0.0.1", 0)) as silent, lease("letters"):
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        silent.settimeout(0.2)
        write_to_buyers()
        with pytest.raises(TimeoutError):
            silent.accept()
    write_to_buyers()  # and nobody answers
    assert outcome(letter) == ""


def test_while_the_mail_server_is_away_all_wait_and_none_is_given_up(mia: Merchant, server: MailServer) -> None:
    letters = [owed(mia), owed(mia, "bea@example.com")]
    server.to_reader["pat@example.com"] = "421 4.3.2 closing down"
    for minute in range(2 * len(PAUSES)):
        send_letters(NOW + timedelta(minutes=minute))
    server.to_reader.clear()
    send_letters(NOW + timedelta(minutes=20))
    assert [outcome(letter) for letter in letters] == [LetterOutcome.SENT, LetterOutcome.SENT]


def test_nobody_answers_and_none_is_counted_as_tried(mia: Merchant, settings: Any) -> None:
    letter = owed(mia)
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
    settings.EMAIL_HOST = "127.0.0.1"
    assert send_letters(NOW) == 0
    letter.refresh_from_db()
    assert (letter.tries, letter.outcome) == (0, "")


def test_one_that_nobody_can_write_holds_up_no_other(mia: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, other = owed(mia), owed(mia, "bea@example.com")
    write = sending.write

    def stumble(about: Any) -> Any:
        if about.letter == broken:
            raise ValueError("no such placeholder")
        return write(about)

    monkeypatch.setattr(sending, "write", stumble)
    with pytest.raises(ValueError, match="placeholder") as told:
        send_letters(NOW)
    assert told.value.__notes__ == [f"session_id: {broken.session.public_id}"]
    assert (outcome(broken), outcome(other)) == ("", LetterOutcome.SENT)
    assert when_due(broken) == NOW + timedelta(minutes=1)


@pytest.mark.parametrize("address", ["pat@" + "ä" * 60 + ".com", "ä" * 200 + "@example.com"])
def test_an_address_that_fits_no_letter_is_refused_for_good(mia: Merchant, address: str) -> None:
    broken, other = owed(mia, "pat@example.com"), owed(mia, "bea@example.com")
    CheckoutSession.objects.filter(pk=broken.session_id).update(email=address)
    assert send_letters(NOW) == 1
    assert (outcome(broken), outcome(other)) == (LetterOutcome.REFUSED, LetterOutcome.SENT)


def test_a_shops_address_that_fits_no_letter_costs_nobody_a_letter(mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(support_email="ä" * 200 + "@example.com")
    letter = owed(mia)
    assert send_letters(NOW) == 1
    assert outcome(letter) == LetterOutcome.SENT
    assert mail.outbox[0].reply_to == []


def test_told_of_twice_it_is_owed_once(mia: Merchant) -> None:
    session = create_session(merchant=mia, mode="live", terms=agreed())
    for _ in range(2):
        owe([Owed(session=session, kind=LetterKind.RECEIPT)], now=NOW)
    assert Letter.objects.filter(session=session).count() == 1


def test_a_buyer_without_an_address_is_owed_none(mia: Merchant) -> None:
    session = create_session(merchant=mia, mode="live", terms=agreed(email=""))
    owe([Owed(session=session, kind=LetterKind.RECEIPT)], now=NOW)
    assert not Letter.objects.filter(session=session).exists()


def test_a_letter_is_in_the_buyers_language_as_far_as_it_is_spoken(mia: Merchant) -> None:
    owed(mia)
    CheckoutSession.objects.filter(merchant=mia).update(locale="tlh")
    send_letters(NOW)
    [letter] = mail.outbox
    [(html, _)] = letter.alternatives  # type: ignore[attr-defined]
    assert '<html lang="en" dir="ltr">' in html

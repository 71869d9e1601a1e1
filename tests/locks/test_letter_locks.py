"""Two at once on a letter to a buyer: who erases the buyer waits while it leaves, and it leaves once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import OperationalError, transaction
from django.utils import timezone

from merchants_app.mail.mails import Posted
from merchants_app.models import AuditEntry, Merchant
from sessions_app.letters import sending
from sessions_app.letters.again import SendAgain, send_link_again, send_receipt_again
from sessions_app.models import CheckoutSession, Letter
from sessions_app.refunding.mails import NotMailed
from sessions_app.state.lifecycle import lock
from tests.cast import MIAS_WALLET, merchant
from tests.locks.stage import owed_letter, paid, written_to
from tests.races import behind_a_lock, closing, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def test_a_letter_that_is_leaving_is_not_taken_away(mia: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    letter, found = owed_letter(mia), []

    def take_away() -> str:
        try:
            with transaction.atomic():
                Letter.objects.select_for_update(nowait=True).get(pk=letter.pk).delete()
        except OperationalError:
            return "it is held"
        return "it is gone"

    def deliver(_message: EmailMessage) -> Posted:
        with ThreadPoolExecutor(1) as pool:
            found.append(pool.submit(closing(take_away)).result(timeout=60))
        return Posted.SENT

    monkeypatch.setattr(sending, "deliver", deliver)
    assert sending.send_letters(timezone.now()) == 1
    assert found == ["it is held"]


@pytest.mark.parametrize(("again", "made"), [(send_link_again, written_to), (send_receipt_again, paid)])
def test_who_sends_a_letter_again_while_another_does_reads_that_it_was_sent(
    mia: Merchant, again: SendAgain, made: Callable[[Merchant], CheckoutSession]
) -> None:
    session = made(mia)

    def send() -> None:
        again(session, actor="mia@example.com", now=timezone.now())

    refused = behind_a_lock(send, lock=lambda: lock(session.pk), meanwhile=send)
    assert isinstance(refused, NotMailed)
    assert Letter.objects.filter(session=session).count() == 1
    assert AuditEntry.objects.filter(action__in=["session.link_sent", "session.receipt_sent"]).count() == 1


def test_two_senders_at_once_send_it_once(mia: Merchant) -> None:
    owed_letter(mia)
    now = timezone.now()
    done = race(*[lambda: sending.send_letters(now)] * 3)
    assert sorted(map(str, done)) == ["0", "0", "1"]
    assert len(mail.outbox) == 1

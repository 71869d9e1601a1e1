"""Two at once on a letter to a buyer: who erases the buyer waits while it leaves, and it leaves once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import OperationalError, transaction
from django.utils import timezone

from merchants_app.mail.mails import Posted
from merchants_app.models import Merchant
from sessions_app.letters import sending
from sessions_app.models import Letter
from tests.cast import MIAS_WALLET, merchant
from tests.locks.stage import owed_letter
from tests.races import closing, race

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


def test_two_senders_at_once_send_it_once(mia: Merchant) -> None:
    owed_letter(mia)
    now = timezone.now()
    done = race(*[lambda: sending.send_letters(now)] * 3)
    assert sorted(map(str, done)) == ["0", "0", "1"]
    assert len(mail.outbox) == 1

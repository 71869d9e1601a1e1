"""A copy of the database is known by its place: nothing leaves it, and it hands out nothing twice."""

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from checkout_project.restoring.noticing import notice_copies
from merchants_app import held
from merchants_app.mail.mails import Posted, deliver
from merchants_app.models import Installation, Merchant, Treasury
from sessions_app.errors import NotToBeSigned
from sessions_app.models import CheckoutSession
from sessions_app.signing.asked import all_asked
from tests.cast import Api
from tests.races import race
from webhooks_app.events.positions import JUMP

pytestmark = [pytest.mark.django_db, pytest.mark.moves_everybody("a copy is one for all who are in it")]
HOSTS = [  # PUBLIC_URL before and now; whether it is held
    ("http://127.0.0.1:8000", "https://pay.example", False),
    ("http://localhost:8000", "http://[::1]:9000", False),
    ("https://pay.example", "https://pay.example:8443", False),
    ("https://pay.example", "https://staging.example", True),
    ("https://pay.example", "http://127.0.0.1:8000", True),
]


def copied() -> None:
    """As a dump that was restored elsewhere has it."""
    notice_copies()
    Installation.objects.update(place="7123456789/16384")


def next_position() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('webhooks_app_event', 'id'))")
        return int(cursor.fetchone()[0])


def test_a_first_start_says_where_it_is_and_holds_nothing() -> None:
    notice_copies()
    notice_copies()
    found = Installation.objects.get()
    assert (found.held_since, found.host, found.version, len(found.keys)) == (None, "", "0.1.0", 1)
    assert not held.is_held()


@pytest.mark.parametrize(("before", "now", "is_copy"), HOSTS)
def test_a_copy_of_files_is_known_by_its_address(
    settings: LazySettings, before: str, now: str, *, is_copy: bool
) -> None:
    settings.PUBLIC_URL = before
    notice_copies()
    settings.PUBLIC_URL = now
    assert held.is_held() == is_copy  # before any process has looked, too
    notice_copies()
    assert held.is_held() == is_copy


def test_what_it_gives_out_is_beyond_what_the_original_gave_out(mia: Merchant) -> None:
    copied()
    wallet = Treasury.objects.create(
        merchant=mia, mode="live", kind="xpub", xpub="xpub1", next_index=7, active_from=timezone.now()
    )
    before = next_position()
    notice_copies()
    assert next_position() == before + JUMP + 1
    wallet.refresh_from_db()
    assert wallet.next_index == 1007
    notice_copies()
    assert next_position() == before + JUMP + 2, "once"


def test_no_letter_leaves_a_copy_and_no_test_of_an_endpoint(api: Api) -> None:
    endpoint = api.post("webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"}).answer["id"]
    copied()
    mail.outbox.clear()
    assert deliver(EmailMessage("Paid", "Thank you.", None, ["pat@example.com"])) == Posted.AWAY
    assert mail.outbox == []
    refusal = api.post(f"webhook-endpoints/{endpoint}/test")
    assert (refusal.status_code, refusal.answer["errors"][0]["code"]) == (409, "sending_held")


def test_no_signed_payment_is_asked_for(settings: LazySettings, session: CheckoutSession) -> None:
    settings.FACILITATOR_URL = "http://127.0.0.1:9"
    copied()
    with pytest.raises(NotToBeSigned):
        all_asked(session, now=timezone.now())


def test_an_operator_lets_it_go(capsys: pytest.CaptureFixture[str]) -> None:
    copied()
    call_command("release")
    assert "Is the original off for good?" in capsys.readouterr().out
    assert held.is_held()
    call_command("release", "--yes")
    assert not held.is_held()
    call_command("release")
    assert "Nothing is held back here." in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_notice_at_once_go_on_beyond_once() -> None:
    copied()
    before = next_position()
    race(notice_copies, notice_copies, notice_copies)
    assert next_position() == before + JUMP + 1

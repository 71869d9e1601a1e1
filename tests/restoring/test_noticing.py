"""A copy of the database is known by its place: nothing leaves it, and it hands out nothing twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.conf import settings as settings_of_django
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from structlog.testing import capture_logs

from checkout_project.jobs.pulses import redis_at
from checkout_project.jobs.schedule import BEAT_SCHEDULE
from checkout_project.restoring.noticing import hold, notice_copies
from checkout_project.tasks import notice_copies as clock
from merchants_app import held
from merchants_app.mail.mails import Posted, deliver
from merchants_app.models import Installation, Merchant, Treasury, XpubAccount
from sessions_app.errors import NotToBeSigned
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.signing.asked import all_signable
from tests.cast import Api
from tests.races import race
from webhooks_app.events.positions import JUMP, farthest_told
from webhooks_app.models import Event

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


def receives_by_xpub(business: Merchant, mode: str) -> Treasury:
    """Seven of its addresses are given out."""
    account = XpubAccount.objects.create(fingerprint="1", merchant=business, mode=mode, next_index=7)
    return Treasury.objects.create(
        merchant=business, mode=mode, kind="xpub", xpub="xpub1", account=account, active_from=timezone.now()
    )


def next_index() -> int:
    return XpubAccount.objects.get(fingerprint="1").next_index


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
    receives_by_xpub(mia, "live")
    before = next_position()
    notice_copies()
    assert next_position() == before + JUMP + 1
    assert next_index() == 1007
    notice_copies()
    assert next_position() == before + JUMP + 2, "once"


def test_who_only_looks_holds_nothing_and_releases_nothing(settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://pay.example"
    notice_copies()
    before, position = Installation.objects.values().get(), next_position()
    settings.PUBLIC_URL, settings.ENCRYPTION_KEYS = "https://elsewhere.example", ["another"]
    call_command("release")
    with pytest.raises(CommandError, match=r"leads to elsewhere\.example here, and led to pay\.example"):
        call_command("release", "--yes")
    assert (Installation.objects.values().get(), next_position()) == (before, position + 1)


def test_under_two_addresses_it_is_held_once(settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://pay.example"
    notice_copies()
    position = next_position()
    for host in ("www.pay.example", "pay.example", "www.pay.example"):
        settings.PUBLIC_URL = f"https://{host}"
        notice_copies()
        assert held.is_held()
    assert next_position() == position + JUMP + 1


def test_the_clock_looks_again() -> None:
    copied()
    clock()
    assert Installation.objects.get().held_since
    assert "checkout_project.tasks.notice_copies" in {job["task"] for job in BEAT_SCHEDULE.values()}


def test_one_that_was_put_back_in_its_place_gives_out_nothing_twice() -> None:
    notice_copies()
    came_to = next_position() + 500
    redis_at(settings_of_django.REDIS_URL).set(f"tallystick:events:{held.place()}", came_to)
    with capture_logs() as told:
        notice_copies()
    assert "installation.went_back" in [each["event"] for each in told]
    assert next_position() == came_to + JUMP + 1
    assert not held.is_held()
    notice_copies()
    assert next_position() == came_to + JUMP + 2, "once"


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("lost", [1, 31])
def test_a_failover_that_lost_less_than_the_counter_runs_ahead_gives_out_nothing_twice(lost: int) -> None:
    notice_copies()
    mark, told = f"tallystick:events:{held.place()}", farthest_told()
    # PostgreSQL logs a counter 32 ahead: a standby that never heard of the last events has their numbers as given out.
    while next_position() < told + 32:
        pass
    redis_at(settings_of_django.REDIS_URL).set(mark, told + lost)
    notice_copies()
    assert next_position() == told + 32 + JUMP + 1
    assert redis_at(settings_of_django.REDIS_URL).get(mark) == str(told)
    notice_copies()
    assert next_position() == told + 32 + JUMP + 2, "once"


@pytest.mark.usefixtures("session")
def test_where_all_events_were_forgotten_nothing_was_put_back() -> None:
    notice_copies()
    Event.objects.all().delete()
    before = next_position()
    notice_copies()
    assert next_position() == before + 1


def test_an_operator_says_that_it_was_put_back(settings: LazySettings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.PUBLIC_URL = "https://pay.example"
    notice_copies()
    position = next_position()
    settings.PUBLIC_URL = "http://127.0.0.1:8000"  # as where a command has no environment
    call_command("hold")
    assert "release --yes" in capsys.readouterr().out
    settings.PUBLIC_URL = "https://pay.example"
    notice_copies()
    assert held.why_held() == "An operator said that it went back in time."
    assert next_position() == position + JUMP + 1
    call_command("release", "--yes")
    assert not held.is_held()


def test_so_many_addresses_are_left_out_as_the_last_week_may_have_grown_to(
    mia: Merchant, new_session: Callable[..., CheckoutSession]
) -> None:
    wallet = receives_by_xpub(mia, "test")
    last = timezone.now() - timedelta(weeks=400)
    for index, days in enumerate((8, 6, 0)):
        session = new_session()
        CheckoutSession.objects.filter(pk=session.pk).update(treasury=wallet)
        DepositAddress.objects.create(
            session=session, address=f"0x{index}", derivation_index=index, watch_until=last,
            created_at=last - timedelta(days=days),
        )  # fmt: skip
    hold("Restored.")
    assert next_index() == pytest.approx(7 + 2 * 3 * 400, abs=1)


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
    with pytest.raises(NotToBeSigned, match="No signed payments are taken here"):
        all_signable(session, now=timezone.now())


def test_an_operator_lets_it_go(capsys: pytest.CaptureFixture[str]) -> None:
    copied()
    call_command("release")
    assert "Is the original off for good?" in capsys.readouterr().out
    assert held.is_held()
    with pytest.raises(CommandError, match="No web process or worker has started"):
        call_command("release", "--yes")
    clock()
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


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_are_the_first_at_once_write_down_one_place() -> None:
    Installation.objects.all().delete()
    assert race(notice_copies, notice_copies, notice_copies) == [None] * 3
    assert Installation.objects.count() == 1

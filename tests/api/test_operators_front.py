"""The operators' first page: what is wrong in words, the worst first, and each figure with its limit."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from celery.signals import task_failure
from django.core.cache import cache
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from chains_app.tasks import refresh_rates
from checkout_project.jobs.failures import failing_tasks
from checkout_project.jobs.pulses import BEAT, WORKER, give_pulse
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Letter
from tests.operators import Operator, staff
from tests.sandbox import Sandbox
from webhooks_app.models import Delivery, WebhookEndpoint

pytestmark = pytest.mark.moves_everybody("the operators' page is about all businesses")
NewSession = Callable[..., CheckoutSession]


@pytest.fixture(autouse=True)
def _read_and_quiet(sandbox: Sandbox) -> None:
    """Nothing of the strangers' waits, and their sessions run."""
    cache.clear()
    give_pulse(WORKER)
    give_pulse(BEAT)
    Delivery.objects.filter(state="pending").update(created_at=timezone.now())
    CheckoutSession.objects.filter(status="open").update(expires_at=timezone.now() + timedelta(hours=1))
    sandbox.look()


def test_when_all_is_well_it_says_so(operator: Operator) -> None:
    text = operator.read("")
    assert "Nothing is wrong: payments are seen, counted and told" in text
    assert "Sandbox</a>" in text


def test_it_says_what_is_wrong_with_its_effect_the_worst_first(
    operator: Operator, new_session: NewSession, session: CheckoutSession
) -> None:
    now = timezone.now()
    endpoint = WebhookEndpoint.objects.create(
        merchant=session.merchant, mode="test", url="https://erp.example/hooks", failing_since=now - timedelta(hours=26)
    )
    new_session()
    Delivery.objects.filter(endpoint=endpoint).update(created_at=now - timedelta(hours=26))
    CheckoutSession.objects.filter(pk=session.pk).update(expires_at=now - timedelta(minutes=5))
    record_problem(network=network("sandbox"), problem="429 too many requests.", now=now - timedelta(minutes=2))
    text = operator.read("")
    told = ["Sandbox cannot be read for 2 minutes", "1 session is past its end", "erp.example has not heard for 1 day"]
    assert "3 things are wrong" in text
    assert [text.index(words) for words in told] == sorted(text.index(words) for words in told)
    assert "429 too many requests." in text
    assert "An endpoint of Mia Coffee: 1 message waits." in text


def test_tasks_that_break_off_are_counted_for_a_day(operator: Operator, sandbox: Sandbox) -> None:
    import_module("checkout_project.celery")  # as every worker does
    for _ in range(3):
        task_failure.send(sender=refresh_rates, exception=ConnectionError("the line was closed"))
    text = operator.read("")
    assert "refresh_rates broke off 3 times in 24 hours" in text
    assert "ConnectionError: the line was closed" in text
    sandbox.skip(hours=25)
    assert failing_tasks(timezone.now()) == []


def test_a_network_that_nobody_reads_is_late(operator: Operator) -> None:
    ScanCursor.objects.update(scanned_at=timezone.now() - timedelta(seconds=100))
    assert "Sandbox was last read 1 minute ago" in operator.read("")


def test_it_tells_staff_only_what_they_may_see(db: None) -> None:
    assert "Networks</h2>" in staff("Look").read("")
    assert "Networks</h2>" not in staff(email="new@example.com").read("")


def test_it_names_machines_businesses_in_trouble_and_letters_that_did_not_leave(
    operator: Operator, mia: Merchant, session: CheckoutSession
) -> None:
    WebhookEndpoint.objects.create(
        merchant=mia, mode="test", url="https://shop.example/hooks", failing_since=timezone.now()
    )
    now = timezone.now()
    Letter.objects.create(session=session, kind="receipt", owed_at=now, due_at=now + timedelta(hours=2), tries=1)
    text = operator.read("")
    assert "1 letter has not left" in text
    assert '<dt>Workers</dt> <dd> <span class="chip good">1, last heard of moments ago</span>' in text
    place = text.index("Businesses</h2>")
    failing = text[text.index("Mia Coffee</a>", place) :]
    assert failing[: failing.index("</tr>")].endswith('<span class="chip bad">Endpoint fails</span> </td> ')


def test_a_network_is_read_again_from_there_by_those_who_may(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_SEPOLIA", "http://127.0.0.1:9")
    ScanCursor.objects.update_or_create(network="sepolia", defaults={"block_number": 9_000_000, "head": 9_000_000})
    assert 'value="read_hour_again"' in operator.read("")
    assert "read_hour_again" not in staff("Look").read("")
    answer = operator.act("chains_app/scancursor", "read_hour_again", ScanCursor.objects.get(network="sepolia"))
    assert "blocks are read again" in answer.content.decode()


def test_superusers_run_the_doctor_from_there_and_others_are_told_how(operator: Operator) -> None:
    looker = staff("Look")
    assert "manage.py doctor" in looker.read("doctor/")
    assert "Run the doctor</button>" not in looker.read("doctor/")
    assert looker.post("doctor/").status_code == 403
    assert "Run the doctor</button>" in operator.read("doctor/")

"""What an endpoint's page says of its last attempts: the cause in words, and the hours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener
from webhooks_app.endpoints.brief import WORDS
from webhooks_app.endpoints.cause import cause_of
from webhooks_app.endpoints.tries import Hour, Try, by_hour
from webhooks_app.endpoints.verifying import checks
from webhooks_app.models import Delivery, DeliveryState, Event
from webhooks_app.problems import Problem
from webhooks_app.queue.oldest import waiting_since
from webhooks_app.queue.resending import resend_waiting

NOON = datetime(2030, 1, 10, 12, tzinfo=UTC)
OK: tuple[str, int | None] = ("", 200)
SILENT: tuple[str, int | None] = ("timeout", None)
AWAY: tuple[str, int | None] = ("unavailable", 504)
BROKEN: tuple[str, int | None] = ("server_error", 500)


def tried(*answers: tuple[str, int | None], every: timedelta = timedelta(minutes=1)) -> list[Try]:
    return [
        Try(NOON + number * every, 20, status, problem, "") for number, (problem, status) in enumerate(answers)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "title", "counts"),
    [
        ([SILENT], "It takes the connection, then says nothing", "The only attempt failed: no answer in 20 s."),
        (
            [BROKEN] * 3,
            "Its code fails at messages",
            "None of the last 3 attempts arrived: each time answered 500.",
        ),
        (
            [OK, *[SILENT] * 8, AWAY],
            "It takes the connection, then says nothing",
            "9 of the last 10 attempts failed: 8 times no answer in 20 s, once answered 504.",
        ),
        (
            [SILENT, SILENT, BROKEN, BROKEN],  # as often: the newer one first
            "Its code fails at messages",
            "None of the last 4 attempts arrived: twice answered 500, twice no answer in 20 s.",
        ),
        (
            [("unavailable", 502), AWAY, AWAY],  # one problem, two answers
            "Its proxy cannot reach the application",
            "None of the last 3 attempts arrived: twice answered 504, once answered 502.",
        ),
        (
            [*[BROKEN] * 30, *[OK] * 9, ("refused", None)],  # what was before the last ten is over
            "Nothing listens there",
            "1 of the last 10 attempts failed: connection refused.",
        ),
    ],
)
def test_the_cause_is_told_with_its_counts(answers: list[tuple[str, int | None]], title: str, counts: str) -> None:
    cause = cause_of(tried(*answers))
    assert cause is not None
    assert (cause.title, cause.counts) == (title, counts)


def test_without_a_failure_there_is_no_cause() -> None:
    assert cause_of([]) is None
    assert cause_of(tried(BROKEN, *[OK] * 10)) is None


def test_each_problem_has_its_words() -> None:
    assert set(WORDS) == set(Problem)


def test_attempts_are_told_by_hours_of_the_businesss_clock_with_what_went_wrong_most() -> None:
    """Kathmandu is 5:45 ahead of UTC: noon there is 17:45, and its hours begin at quarters of ours."""
    kathmandu = ZoneInfo("Asia/Kathmandu")
    tries = tried(OK, SILENT, SILENT, BROKEN, OK, every=timedelta(minutes=10))

    def hour(number: int) -> datetime:
        return datetime(2030, 1, 10, number, tzinfo=kathmandu)

    assert by_hour(tries, kathmandu) == [
        Hour(hour(18), 1, 2, "answered 500"),
        Hour(hour(17), 1, 1, "no answer in 20 s"),
    ]
    assert by_hour([], UTC) == []


def test_the_examples_are_those_of_the_guide_without_its_secret() -> None:
    assert list(checks()) == ["Python", "Node", "PHP"]
    for code in checks().values():
        assert "whsec_…" in code
        assert "webhook-id" in code or "standardwebhooks" in code
        assert "How it answers" not in code


def test_all_that_wait_are_tried_at_once_save_what_is_on_its_way(
    listen: Callable[..., Listener], happen: Callable[..., Event]
) -> None:
    endpoint, now = listen().endpoint, timezone.now()
    assert waiting_since(endpoint) is None
    waits, leaves, given_up = (happen().deliveries.get() for _ in range(3))
    own(Delivery).update(attempts_made=4, next_attempt_at=now + timedelta(hours=2))
    Delivery.objects.filter(pk=leaves.pk).update(leased=True, created_at=now - timedelta(hours=3))
    Delivery.objects.filter(pk=given_up.pk).update(
        state=DeliveryState.FAILED, next_attempt_at=None, created_at=now - timedelta(hours=9)
    )
    assert resend_waiting(endpoint=endpoint) == 1
    again = Delivery.objects.get(pk=waits.pk)
    assert again.next_attempt_at is not None
    assert (again.attempts_made, again.next_attempt_at < now + timedelta(minutes=1)) == (0, True)
    assert Delivery.objects.get(pk=leaves.pk).attempts_made == 4
    assert waiting_since(endpoint) == now - timedelta(hours=3)

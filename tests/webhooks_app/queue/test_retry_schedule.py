"""When a failed delivery is tried again."""

from datetime import timedelta

from webhooks_app.queue.retry_schedule import RETRY_AFTER, retry_after


def test_it_is_the_schedule_of_standard_webhooks() -> None:
    hours = [pause / timedelta(hours=1) for pause in RETRY_AFTER]
    assert RETRY_AFTER[:3] == (timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30))
    assert hours[3:] == [2, 5, 10, 14, 20, 24]


def test_each_pause_varies_by_up_to_a_tenth_either_way() -> None:
    for attempts, pause in enumerate(RETRY_AFTER, start=1):
        shares = [(retry_after(attempts) or timedelta(0)) / pause for _ in range(200)]
        assert 0.9 <= min(shares) < 0.95 < 1.05 < max(shares) <= 1.1


def test_after_the_tenth_attempt_there_is_none() -> None:
    assert retry_after(9) is not None
    assert retry_after(10) is None

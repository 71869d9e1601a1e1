"""When a failed delivery is tried again."""

from datetime import timedelta

from webhooks_app.queue.retry_schedule import JITTER, MOST_ATTEMPTS, RETRY_AFTER, retry_after


def test_it_is_the_schedule_of_standard_webhooks() -> None:
    hours = [pause / timedelta(hours=1) for pause in RETRY_AFTER]
    assert RETRY_AFTER[:3] == (timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30))
    assert hours[3:] == [2, 5, 10, 14, 20, 24]


def test_each_pause_varies_a_little_around_its_entry() -> None:
    for attempts, pause in enumerate(RETRY_AFTER, start=1):
        tried = {retry_after(attempts) for _ in range(50)}
        assert len(tried) > 1
        assert all(each and pause * (1 - JITTER) <= each <= pause * (1 + JITTER) for each in tried)


def test_after_the_tenth_attempt_there_is_none() -> None:
    assert retry_after(MOST_ATTEMPTS - 1) is not None
    assert retry_after(MOST_ATTEMPTS) is None

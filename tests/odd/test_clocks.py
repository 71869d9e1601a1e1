"""Whatever time it is said to be: all that keep time agree on it, and waiting takes as long as ever."""

import threading
import time
from datetime import datetime

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis import Redis

A_MOMENT = 30.0  # seconds: a busy machine is slow, an odd clock is days away


@pytest.mark.django_db
def test_postgresql_has_our_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (there,) = cursor.fetchone()
    assert abs((there - timezone.now()).total_seconds()) < A_MOMENT


def test_valkey_has_our_time() -> None:
    with Redis.from_url(settings.REDIS_URL) as redis:
        seconds, _ = redis.time()
    assert abs(seconds - time.time()) < A_MOMENT


def test_both_of_pythons_clocks_agree() -> None:
    assert abs(timezone.now().timestamp() - datetime.now().astimezone().timestamp()) < A_MOMENT


def test_sleeping_takes_as_long_as_was_asked_for() -> None:
    began = time.monotonic()
    time.sleep(0.05)
    assert 0.05 <= time.monotonic() - began < A_MOMENT


def test_waiting_for_a_thread_ends() -> None:
    began = time.monotonic()
    assert not threading.Event().wait(0.05)
    assert 0.05 <= time.monotonic() - began < A_MOMENT

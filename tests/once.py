"""A history that the tests of a file only look at is played once, and undone when the last of them is over."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from tests.sandbox import Sandbox


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database for what a file's tests share. Each undoes its own changes alone, and none of them may commit."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def sandbox_at(moment: float | None = None) -> Iterator[Sandbox]:
    """The sandbox chain with its clock at a moment (in seconds, as of `time.time`), or at the present second."""
    start = timezone.now().replace(microsecond=0) if moment is None else moment
    with time_machine.travel(start, tick=False) as clock:
        yield Sandbox(clock)

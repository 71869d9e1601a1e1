"""From a page of ours that failed there is a way on: to the same page, unless something was sent to it."""

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from checkout_project.errors.pages import broken


class _Cancelled(Exception):
    sqlstate = "57014"  # a statement took too long


def slow() -> OperationalError:
    """As Django says it."""
    error = OperationalError("canceling statement due to statement timeout")
    error.__cause__ = _Cancelled()
    return error


def read(method: str, path: str, error: Exception) -> tuple[int, str]:
    """What is answered when a view fails so."""
    try:
        raise error
    except type(error):
        answer = broken(RequestFactory().generic(method, path))
    return answer.status_code, " ".join(answer.content.decode().split())


@pytest.mark.parametrize(("error", "status"), [(slow(), 503), (ZeroDivisionError(), 500)], ids=["slow", "fault"])
def test_a_page_that_failed_can_be_asked_for_again(error: Exception, status: int) -> None:
    path = "/dashboard/mer_1/live/sessions"
    answered, text = read("GET", f"{path}?q=espresso&sort=amount", error)
    assert (answered, f'href="{path}?q=espresso&amp;sort=amount"' in text) == (status, True)
    assert 'href="/dashboard">Overview' in text
    assert ("a whole id or address, or fewer days" in text) == (status == 503)  # it was a search
    assert "If you were paying" not in text


def test_what_is_away_is_asked_for_again_by_the_page_itself_and_what_is_slow_is_not() -> None:
    path = "/dashboard/mer_1/live/sessions"
    away = read("GET", path, OperationalError("connection refused"))[1]
    assert f'href="{path}" data-again="10"' in away
    assert "fewer days" not in away
    assert "data-again=" not in read("GET", path, slow())[1]


@pytest.mark.parametrize("error", [slow(), ZeroDivisionError()], ids=["slow", "fault"])
def test_what_was_sent_is_not_sent_again_by_a_link(error: Exception) -> None:
    text = read("POST", "/dashboard/mer_1/live/keys", error)[1]
    assert "Try again</a>" not in text
    assert "Payments on the chains are not lost" in text


def test_elsewhere_buyers_are_meant_too() -> None:
    text = read("GET", "/nowhere", slow())[1]
    assert "If you were paying: money that was sent is not lost" in text
    assert "Overview" not in text

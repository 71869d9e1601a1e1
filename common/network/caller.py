"""Who calls in the request that is being answered, for whoever writes down what was done and where from."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from django.http import HttpRequest

from common.network.client_address import address_of

_LONGEST_NAME = 200


class Caller(NamedTuple):
    """Where a request comes from."""

    address: str | None = None  # None: not known, or no request
    browser: str = ""  # how its program names itself


_request: ContextVar[HttpRequest | None] = ContextVar("request_of_a_caller", default=None)


@contextmanager
def calling(request: HttpRequest) -> Iterator[None]:
    """While it is answered, `caller()` tells of it. Nothing is looked at before somebody asks."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def caller() -> Caller:
    """Of the request that is being answered; nobody in a task or a command."""
    request = _request.get()
    if request is None:
        return Caller()
    browser = request.META.get("HTTP_USER_AGENT", "").replace("\0", "")
    return Caller(address_of(request) or None, browser[:_LONGEST_NAME])

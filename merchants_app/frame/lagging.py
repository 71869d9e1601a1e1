"""Pages that may be some seconds old: read from the database's replica, except by who has just changed something."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db import OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from common.replica import MOST_BEHIND_SECONDS, from_replica
from merchants_app.frame.access import CHANGED_AT, SAFE_METHODS, Access

P = ParamSpec("P")


def may_lag(
    view: Callable[Concatenate[HttpRequest, Access, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Below `for_members`: what a GET of the page reads may come from the replica; if that fails, from the primary."""

    @wraps(view)
    def door(request: HttpRequest, access: Access, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method in SAFE_METHODS:
            lags = False
            try:
                with lagging(request) as lags:
                    return view(request, access, *args, **kwargs)
            except OperationalError:
                if not lags:
                    raise
        return view(request, access, *args, **kwargs)

    return door


@contextmanager
def lagging(request: HttpRequest) -> Iterator[bool]:
    """Reads from the replica, unless this browser has changed something that may not be there yet."""
    if time.time() - request.session.get(CHANGED_AT, 0) < 2 * MOST_BEHIND_SECONDS:
        yield False
        return
    with from_replica() as lags:
        yield lags

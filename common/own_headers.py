"""Headers that every answer of the API has, set at once."""

from collections.abc import Mapping

from django.http.response import HttpResponseBase


def set_own_headers(response: HttpResponseBase, headers: Mapping[str, str]) -> None:
    """Sets headers whose values are our own: words, numbers, ids in ASCII, never anything that somebody sent.

    Django looks through each for line breaks and foreign letters; with seven headers a call, that was a twentieth of
    a new session's time in Python (`bench/api.py`).
    """
    store = response.headers._store  # where Django's own setter puts them
    for name, value in headers.items():
        store[name.lower()] = (name, value)

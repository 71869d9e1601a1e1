"""Ids in log lines, where several things are worked through one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars


@contextmanager
def naming(**ids: str) -> Iterator[None]:
    """Lines that are written meanwhile have them as fields. An error that leaves takes them along in its traceback:
    whoever logs it does so when they are no fields any more.
    """
    with bound_contextvars(**ids):
        try:
            yield
        except Exception as error:
            error.add_note(", ".join(f"{name}: {value}" for name, value in ids.items()))
            raise

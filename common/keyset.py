"""Pages of long lists by keyset: stable while rows arrive, and as quick on page 5,000 as on the first.

Whoever asks narrows the rows to those behind the last one shown; where the next page begins, that page's last row says.
"""

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T", covariant=True)


class Rows(Protocol[T]):
    """A queryset, or what is read already: then one more than a page takes."""

    def __getitem__(self, part: slice, /) -> Iterable[T]: ...


def first_of(rows: Rows[T], size: int) -> tuple[list[T], bool]:
    """At most so many of them, and whether there are more."""
    found = list(rows[: size + 1])
    return found[:size], len(found) > size

"""One running Tallystick for all examples: the recipes of the docs, the shop, the command's scenarios."""

from collections.abc import Iterator

import pytest

from tests.stack import Stack, real_database


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Web, worker and beat, on a database of their own."""
    with real_database() as database_url, Stack(database_url=database_url) as running:
        yield running

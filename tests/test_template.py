"""The migrated database that tests begin from is kept as a file, which two runs may use at once."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.template import keep, read_kept, template


@pytest.fixture
def empty() -> Iterator[str]:
    """The URL of a database with nothing in it."""
    server, name = urlsplit(os.environ["DATABASE_URL"]), f"of_a_file_{os.getpid()}"
    with psycopg.connect(server.geturl(), autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield server._replace(path=f"/{name}").geturl()
        connection.execute(f"drop database {name}")


def test_a_file_that_is_spoiled_leaves_nothing_behind(tmp_path: Path, empty: str) -> None:
    kept, another_run = tmp_path / "tallystick_template_1.dump", tmp_path / "tallystick_template_1.1.part"
    another_run.touch()
    keep(urlsplit(empty)._replace(path=f"/{template()}").geturl(), kept)
    assert sorted(tmp_path.iterdir()) == [another_run, kept]
    with kept.open("r+b") as file:
        file.truncate(kept.stat().st_size - 100)  # of the rows: all tables are made before
    assert not read_kept(empty, kept)
    assert not kept.exists()
    with psycopg.connect(empty) as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)

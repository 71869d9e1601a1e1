"""Another machine: a second PostgreSQL server, on which an installation is restored."""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from checkout_project import env
from checkout_project.running.embedded import Postgres


@pytest.fixture(scope="package")
def second_server() -> Iterator[Postgres]:
    """It has nothing of the first but the version of its programs."""
    folder = Path(tempfile.mkdtemp(prefix="tallystick-second-"))
    server = Postgres(folder=folder / "postgres", hasty=True)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def move(second_server: Postgres) -> Iterator[Callable[[], None]]:
    """To an empty database there. Afterwards all is where it was."""
    name, wanted = f"restored_{secrets.token_hex(4)}", ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", second_server.url_of("postgres"))
        there: dict[str, Any] = {each: env.database("DATABASE_URL")[each] for each in wanted}
        patch.undo()

        def go(database: str = name) -> None:
            connection.close()
            for each, value in (there | {"NAME": database}).items():
                patch.setitem(connection.settings_dict, each, value)

        def prepare() -> None:
            go("postgres")
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name}")
            go()

        yield prepare
        connection.close()
    connection.close()

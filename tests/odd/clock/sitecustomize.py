"""Loaded by every Python below a clock of libfaketime (this folder is on PYTHONPATH): makes `time.sleep` work there.

Python sleeps until a moment of the monotonic clock. libfaketime 0.9.10 takes that moment for one of its own clock and
the kernel refuses it (EINVAL); were the monotonic clock turned, too, locks with a time limit would wait for years,
because their call (`sem_clockwait`) is unknown to it.
"""

import select
import time
from typing import SupportsIndex


def sleep(seconds: float | SupportsIndex, /) -> None:
    """As `time.sleep`, over a call that takes a duration."""
    select.select([], [], [], float(seconds))


time.sleep = sleep

"""How often Python looks for garbage in a long-lived process."""

import gc


def collect_rarely() -> None:
    """Called once a process has started: what is there stays for good, and a batch is left alone while it lasts.

    By default Python looks at every 700 new objects. A request makes thousands, a scan's batch hundreds of thousands;
    nearly all of them go by themselves when they are done with (`python -m bench settling`: a quarter of the time). At
    the end of the process it would look through all there is once more, while a supervisor waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

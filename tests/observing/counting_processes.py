"""Two processes of one machine that count, of which one has ended, and what is told of them together.

Run by `test_counted.py`, with PROMETHEUS_MULTIPROC_DIR.
"""

import multiprocessing
import sys
from multiprocessing.synchronize import Event

from common.measures.counted import HTTP_REQUESTS, HTTP_SECONDS, TASK_ENDED_AT, WEB_THREADS_BUSY
from common.measures.telling import counted


def answer(times: int) -> None:
    HTTP_REQUESTS.labels("api:account", "GET", 200).inc(times)
    HTTP_SECONDS.labels("api:account").observe(times)
    WEB_THREADS_BUSY.set(times)
    TASK_ENDED_AT.labels("expire_due").set(1000 * times)


def answer_and_stay(times: int, answered: Event, over: Event) -> None:
    answer(times)
    answered.set()
    over.wait(60)


fork = multiprocessing.get_context("fork")
answered, over = fork.Event(), fork.Event()
ended = fork.Process(target=answer, args=[4])
at_work = fork.Process(target=answer_and_stay, args=[3, answered, over])
ended.start(), at_work.start()
ended.join(60)
assert answered.wait(60)
sys.stdout.write(counted().decode())
over.set()
at_work.join(60)

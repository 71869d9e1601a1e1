"""Races for real: each act in a thread with a database connection of its own, all let loose at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

from tests.waiting import wait_until

Act = Callable[[], object]
P = ParamSpec("P")
T = TypeVar("T")


def closing(act: Callable[P, T]) -> Callable[P, T]:
    """The act for a thread of its own, whose database connection ends with it."""

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return act(*args, **kwargs)
        finally:
            connection.close()

    return run


def race(*acts: Act) -> list[object]:
    """Runs the acts at the same instant; answers what each returned, or the exception that it raised."""
    start = Barrier(len(acts))

    def run(act: Act) -> object:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return act()
        except Exception as error:  # noqa: BLE001  (whatever it is, it is the answer)
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return [running.result(timeout=60) for running in [pool.submit(closing(run), act) for act in acts]]


def behind_a_lock(act: Act, *, lock: Act, meanwhile: Act) -> object:
    """Takes a lock, lets the act run into it, does something else, lets go; answers what the act returned or raised."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock()
            running = pool.submit(closing(act))
            wait_until(_somebody_waits)
            meanwhile()
        error = running.exception(timeout=60)
        return error or running.result()


def passes_by(act: Callable[[], T], *, lock: Act, seconds: float = 5) -> T:
    """What the act answers while somebody else has that lock. Raises TimeoutError when it waits for it."""
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock()
        return pool.submit(closing(act)).result(timeout=seconds)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])

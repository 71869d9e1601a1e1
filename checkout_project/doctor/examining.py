"""All checks at once: each has so long, and what one is stopped by is a line of its own."""

import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from django.db import connections

from checkout_project.doctor.findings import Check, Finding, wrong
from checkout_project.errors.outage import is_outage

# A little longer than a check lets others take, so that its own sentence comes first.
LONGEST_SECONDS = 8.0
_CURES = {
    "database": "Start PostgreSQL, or mend DATABASE_URL: host, port, user, password. Until then calls answer 503.",
    "redis": "Start Redis or Valkey, or mend REDIS_URL. Until then jobs, limits and letters wait; nothing is lost.",
}


def examine(checks: Sequence[tuple[str, Check]]) -> list[Finding]:
    """What they found, in their order."""
    done: SimpleQueue[tuple[str, list[Finding]]] = SimpleQueue()
    for name, check in checks:
        Thread(target=_run, args=[name, check, done], name=f"doctor {name}", daemon=True).start()
    ends_at, found = time.monotonic() + LONGEST_SECONDS, dict[str, list[Finding]]()
    while len(found) < len(checks):
        try:
            name, findings = done.get(timeout=max(ends_at - time.monotonic(), 0.001))
        except Empty:
            break
        found[name] = findings
    late = f"It did not come to an end within {LONGEST_SECONDS:.0f} s."
    return [
        each for name, _ in checks for each in found.get(name, [wrong(name, late, "See what it waits for, above all.")])
    ]


def _run(name: str, check: Check, done: "SimpleQueue[tuple[str, list[Finding]]]") -> None:
    findings: list[Finding] = []
    try:
        findings += check()
    except Exception as error:  # noqa: BLE001  (whatever one of them meets, the others are told)
        cure = _CURES.get(name, "Mend what is said above first.")
        # Of a database that is away one line is enough.
        if name == "database" or not is_outage(error):
            findings.append(wrong(name, f"It could not be looked at: {_in_words(error)}", cure))
    finally:
        connections.close_all()
    done.put((name, findings))


def _in_words(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__

"""`Idempotency-Key`: a POST that is sent again is not done again; its first answer is given again, for 24 h.

The answer is stored in the transaction of what was done. So after a crash either both exist or neither does: the next
try replays, or does it for the first time. Only successes are kept: whatever else was answered, nothing was done, and
the same key may be used for the next try, with a corrected body if need be.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, NoReturn, Protocol

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.exceptions import APIException, ParseError

from common.database import failing_alone
from common.encryption import decrypt, encrypt
from common.errors import Conflict, DomainError
from merchants_app.models import IdempotencyRecord

KEPT = timedelta(hours=24)
# What talks to others keeps its key so long, and again while it goes on. If its process died, the key is free then.
LEASE = timedelta(minutes=2)
# Three a lease, 20 minutes: no request takes longer, so none that hangs keeps its key for ever.
_RENEWALS = 30
_LONGEST_KEY = 255


class WrongIdempotencyKey(DomainError):
    """The header's value is none."""

    code = "invalid_idempotency_key"


class StillRunning(Conflict):
    """The first request with this key has not been answered yet."""

    code = "idempotency_key_in_use"


class UsedForAnother(DomainError):
    """The key was used with another body or for another call."""

    code, status = "idempotency_key_reused", 422


class Asking(Protocol):
    """Whose requests are known by their keys: a business in one mode. An API key is one."""

    @property
    def merchant_id(self) -> int: ...
    @property
    def mode(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it left."""

    status_code: int
    body: bytes
    replayed: bool = False

    @property
    def is_success(self) -> bool:
        """Whether something was done that must not be done twice."""
        return 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class Claim:
    """A request with its `Idempotency-Key`, for a call that writes its answer in the statement that does the deed."""

    key: Asking
    idempotency_key: str
    fingerprint: str


# Of a row that says no more than that it runs: what a process of the version before answers then.
_RUNNING_STATUS = StillRunning.status


class _AnsweredMeanwhile(Exception):
    """Another request with this key finished, or began, between our look and our lock."""


def answer_once(
    *,
    key: Asking,
    idempotency_key: str,
    method: str,
    path: str,
    body: bytes,
    act: Callable[[], Answer],
    before: Callable[[], object] | None = None,
    act_at_once: Callable[[Claim], Answer | None] | None = None,
    in_one: bool = True,
) -> Answer:
    """The first answer to this request: by doing it now, or as it was stored.

    Not `in_one` transaction: for what talks to others and must hold no lock meanwhile. It may have been done without
    an answer on record, if the process dies in between.
    `before` asks others, while no transaction is open, for what `act` then only looks up. A repeat asks nobody.
    `act_at_once` does it and stores the answer in one statement of its own. It raises IntegrityError where there is an
    answer; that, None and every refusal mean that the long way has to tell what is to be answered.
    Raises WrongIdempotencyKey, StillRunning (409) or UsedForAnother (422); whatever `act` raises undoes what it did.
    """
    if not (0 < len(idempotency_key) <= _LONGEST_KEY and idempotency_key.isascii() and idempotency_key.isprintable()):
        raise WrongIdempotencyKey(
            f"Idempotency-Key must be 1 to {_LONGEST_KEY} printable ASCII characters.", attr="Idempotency-Key"
        )
    fingerprint = hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()
    if act_at_once:
        try:
            with failing_alone():
                if answer := act_at_once(Claim(key, idempotency_key, fingerprint)):
                    return answer
        except ParseError:
            raise  # a body that cannot be read says nothing else at the second look
        except (IntegrityError, APIException, DomainError):
            pass  # what is refused by now may have been done, and answered, before
    if before:
        if answer := _lock_and_look(key, idempotency_key, fingerprint):
            return answer
        before()
    attempt = _try if in_one else _try_apart
    try:
        return attempt(key, idempotency_key, fingerprint, act)
    except _AnsweredMeanwhile:
        return attempt(key, idempotency_key, fingerprint, act)


def forget_old(now: datetime) -> int:
    """Deletes answers older than they are kept. Returns how many."""
    deleted, _ = IdempotencyRecord.objects.filter(created_at__lt=now - KEPT).delete()
    return deleted


def _try(key: Asking, idempotency_key: str, fingerprint: str, act: Callable[[], Answer]) -> Answer:
    with transaction.atomic():
        return _lock_and_look(key, idempotency_key, fingerprint) or _do(key, idempotency_key, fingerprint, act)


def _try_apart(key: Asking, idempotency_key: str, fingerprint: str, act: Callable[[], Answer]) -> Answer:
    """A row says that it runs, so that neither a transaction nor a connection has to last."""
    if answer := _lock_and_look(key, idempotency_key, fingerprint):
        return answer
    began = _begin(key, idempotency_key, fingerprint)
    mine = IdempotencyRecord.objects.filter(pk=began[0], created_at=began[1], running_until__isnull=False)
    try:
        with _renewed(mine):
            answer = act()
    except BaseException:
        mine.delete()
        raise
    if answer.is_success:
        return _end(key, idempotency_key, fingerprint, answer)
    mine.delete()
    return answer


@contextmanager
def _renewed(mine: QuerySet[IdempotencyRecord]) -> Iterator[None]:
    """Nobody takes the key over while the block runs."""
    over = Event()
    Thread(target=_renew, args=[mine, over], name="idempotency", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _renew(mine: QuerySet[IdempotencyRecord], over: Event) -> None:
    for _ in range(_RENEWALS):
        if over.wait(LEASE.total_seconds() / 3):
            return
        try:
            mine.update(running_until=Now() + LEASE)
        except DatabaseError:
            pass  # there are two more tries
        finally:
            connection.close()


def _do(key: Asking, idempotency_key: str, fingerprint: str, act: Callable[[], Answer]) -> Answer:
    answer = act()
    if answer.is_success:
        _store(key, idempotency_key, fingerprint, answer)
    return answer


# One round trip: take the key's lock (it goes with the transaction, also when the process dies) and look for an answer.
_LOCK_AND_LOOK = """
WITH mine AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(%s) AS locked)
SELECT mine.locked AND coalesce(record.running_until <= clock_timestamp(), TRUE),
    CASE WHEN record.running_until IS NULL THEN record.fingerprint END,
    record.status_code, record.body, record.is_encrypted
FROM mine LEFT JOIN merchants_app_idempotencyrecord AS record
  ON record.merchant_id = %s AND record.mode = %s AND record.key = %s AND record.created_at > %s
"""


def _lock_and_look(key: Asking, idempotency_key: str, fingerprint: str) -> Answer | None:
    """The stored answer; None: there is none and this request alone may act."""
    owner = (key.merchant_id, key.mode, idempotency_key)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_AND_LOOK, [_lock_number(*owner), *owner, timezone.now() - KEPT])
        may_act, stored_fingerprint, status_code, body, is_encrypted = cursor.fetchone()
    if stored_fingerprint is None:
        return None if may_act else _refuse_running()
    if stored_fingerprint != fingerprint:
        raise UsedForAnother(
            "This Idempotency-Key was used for another request. Make a new key for each thing you want done.",
            attr="Idempotency-Key",
        )
    return Answer(status_code, readable(bytes(body), is_encrypted=is_encrypted), replayed=True)


# An answer older than it is kept gives way, and so does what began and never ended. Anything else means that somebody
# was faster. `created_at` tells whose row it is: nobody else's began at the same moment.
_STORE = """
INSERT INTO merchants_app_idempotencyrecord AS record
  (merchant_id, mode, key, fingerprint, status_code, body, is_encrypted, created_at, running_until)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp() + %s)
ON CONFLICT (merchant_id, mode, key) DO UPDATE
  SET fingerprint = excluded.fingerprint, status_code = excluded.status_code, body = excluded.body,
      is_encrypted = excluded.is_encrypted, created_at = excluded.created_at, running_until = excluded.running_until
  WHERE record.created_at <= %s OR record.running_until <= clock_timestamp()
RETURNING id, created_at
"""


def _store(key: Asking, idempotency_key: str, fingerprint: str, answer: Answer) -> None:
    _write(key, idempotency_key, fingerprint, (answer.status_code, encrypted(answer.body), True), None)


def _begin(key: Asking, idempotency_key: str, fingerprint: str) -> tuple[int, datetime]:
    """The row of a request that runs: its id, and when it began."""
    return _write(key, idempotency_key, fingerprint, (_RUNNING_STATUS, b"", False), LEASE)


def _write(
    key: Asking, idempotency_key: str, fingerprint: str, answer: tuple[int, bytes, bool], runs: timedelta | None
) -> tuple[int, datetime]:
    now = timezone.now()
    row: list[Any] = [key.merchant_id, key.mode, idempotency_key, fingerprint, *answer, now, runs]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [*row, now - KEPT])
        written: tuple[int, datetime] | None = cursor.fetchone()
    if written is None:
        raise _AnsweredMeanwhile
    return written


def _end(key: Asking, idempotency_key: str, fingerprint: str, answer: Answer) -> Answer:
    """The answer on record: this one, unless another took the key over meanwhile and ended first.

    What was done is not done again, whatever became of the record.
    """
    owner = {"merchant": key.merchant_id, "mode": key.mode, "key": idempotency_key}
    running = IdempotencyRecord.objects.filter(**owner, fingerprint=fingerprint, running_until__isnull=False)
    if running.update(
        status_code=answer.status_code, body=encrypted(answer.body), is_encrypted=True, running_until=None
    ):
        return answer
    with suppress(StillRunning, UsedForAnother, _AnsweredMeanwhile):
        if stored := _lock_and_look(key, idempotency_key, fingerprint):
            return stored
        _store(key, idempotency_key, fingerprint, answer)
    return answer


def readable(body: bytes, *, is_encrypted: bool) -> bytes:
    """A stored answer as it left."""
    return decrypt(body.decode()).encode() if is_encrypted else body


def encrypted(body: bytes) -> bytes:
    """For keeping: an answer may hold a secret that was just made."""
    return encrypt(body.decode()).encode()


def _refuse_running() -> NoReturn:
    raise StillRunning("The first request with this Idempotency-Key is still running. Ask again in a moment.")


def _lock_number(merchant_id: int, mode: str, idempotency_key: str) -> int:
    """64 bits that stand for the key in PostgreSQL's advisory locks."""
    text = f"idempotency:{merchant_id}:{mode}:{idempotency_key}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)

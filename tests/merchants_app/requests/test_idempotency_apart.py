"""What talks to others under an Idempotency-Key: no transaction lasts meanwhile, a row says that it runs."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from merchants_app.models import ApiKey, IdempotencyRecord
from merchants_app.requests import idempotency
from merchants_app.requests.idempotency import Answer, StillRunning, answer_once
from sessions_app.models import CheckoutSession
from sessions_app.paying import quoting
from tests.cast import Api
from tests.races import closing, race
from tests.strangers.world import own
from tests.waiting import wait_until


@pytest.fixture
def key(transactional_db: None, mia_key: str) -> ApiKey:
    return own(ApiKey).get()


class Crash(BaseException):
    """The process dies: nothing catches it."""


def apart(key: ApiKey, act: Callable[[], Answer]) -> Answer:
    return answer_once(
        key=key, idempotency_key="test-1", method="POST", path="/x", body=b"{}", in_one=False, act=act
    )  # fmt: skip


def seem_dead() -> None:
    """As one whose machine stood still for longer than its key is kept."""
    own(IdempotencyRecord).update(running_until=timezone.now() - timedelta(seconds=1))


def test_what_talks_to_others_holds_no_transaction_open(key: ApiKey) -> None:
    seen = []

    def act() -> Answer:
        seen.append(connection.in_atomic_block)
        return Answer(200, b"{}")

    given = {"key": key, "idempotency_key": "test-1", "method": "POST", "path": "/x", "body": b"{}", "in_one": False}
    assert not answer_once(**given, act=act).replayed
    assert answer_once(**given, act=act).replayed
    assert seen == [False]


@pytest.mark.django_db(transaction=True)
def test_a_quote_asks_for_rates_outside_of_any_transaction(
    api: Api, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, ask = [], quoting.rate

    def rate(*what: Any, **more: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return ask(*what, **more)

    monkeypatch.setattr(quoting, "rate", rate)
    path, option = f"checkout/{session.public_id}/quote", {"asset": "USDC", "network": "sandbox"}
    first, again = (api.post(path, option, Idempotency_Key="quote-1") for _ in range(2))
    assert (first.status_code, again["Idempotent-Replayed"], again.content) == (200, "true", first.content)
    assert seen == [False]


@pytest.mark.parametrize("in_one", [True, False])
def test_one_that_died_while_it_talked_to_others_keeps_its_key_for_two_minutes(key: ApiKey, *, in_one: bool) -> None:
    given = {"key": key, "idempotency_key": "test-1", "method": "POST", "path": "/x", "body": b"{}"}

    def act() -> Answer:
        died = own(IdempotencyRecord).get()
        assert 110 < (died.running_until - timezone.now()).total_seconds() <= 120
        with pytest.raises(StillRunning):
            answer_once(**given, in_one=in_one, act=lambda: Answer(200, b"too early"))
        own(IdempotencyRecord).update(running_until=died.running_until - timedelta(seconds=121))
        assert not answer_once(**given, in_one=in_one, act=lambda: Answer(200, b"the second's")).replayed
        return Answer(200, b"the first's")

    late = answer_once(**given, in_one=False, act=act)
    assert (late.replayed, late.body) == (True, b"the second's"), "two answers to one request"


def test_one_that_fails_after_its_key_was_taken_over_leaves_it_to_the_second(key: ApiKey) -> None:
    def act() -> Answer:
        taken = timezone.now() + timedelta(seconds=1)  # as the second writes when it begins
        own(IdempotencyRecord).update(created_at=taken, running_until=taken + timedelta(seconds=120))
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        apart(key, act)
    assert own(IdempotencyRecord).get().running_until


def test_while_one_talks_to_others_its_key_is_kept_however_long(key: ApiKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "LEASE", timedelta(seconds=1.5))

    def act() -> Answer:
        until = own(IdempotencyRecord).get().running_until
        wait_until(lambda: own(IdempotencyRecord).get().running_until > until)
        return Answer(200, b"done")

    assert apart(key, act).body == b"done"


def test_what_was_done_is_not_done_again_when_another_took_over_and_failed(key: ApiKey) -> None:
    done = []

    def act() -> Answer:
        done.append("the first")
        seem_dead()
        assert race(lambda: apart(key, lambda: Answer(400, b"no")).status_code) == [400]
        return Answer(200, b"the first's")

    assert (apart(key, act).body, done) == (b"the first's", ["the first"])
    again = apart(key, act)
    assert (again.replayed, again.body, done) == (True, b"the first's", ["the first"])


def test_who_ends_first_answers_for_another_that_took_over(key: ApiKey) -> None:
    """The second is running still when the first, which it took for dead, has done it."""
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> Answer:
        inside.set()
        assert go_on.wait(10)
        return Answer(200, b"the second's")

    def act() -> Answer:
        seem_dead()
        seconds.append(pool.submit(closing(apart), key, hold))
        assert inside.wait(10)
        return Answer(200, b"the first's")

    seconds: list[Future[Answer]] = []
    with ThreadPoolExecutor(1) as pool:
        assert apart(key, act).body == b"the first's"
        go_on.set()
    assert [second.result().body for second in seconds] == [b"the first's"]


def test_what_was_done_is_answered_when_the_key_is_used_for_another_thing_by_now(key: ApiKey) -> None:
    given = {"key": key, "idempotency_key": "test-1", "method": "POST", "path": "/x"}

    def act() -> Answer:
        seem_dead()
        answer_once(**given | {"body": b"another"}, act=lambda: Answer(200, b"{}"))
        return Answer(200, b"the first's")

    answer = apart(key, act)
    assert (answer.replayed, answer.body) == (False, b"the first's")


def test_one_that_fails_while_it_talks_to_others_leaves_its_key_free(key: ApiKey) -> None:
    given = {"key": key, "idempotency_key": "test-1", "method": "POST", "path": "/x", "body": b"{}", "in_one": False}

    def fail() -> Answer:
        raise Crash

    with pytest.raises(Crash):
        answer_once(**given, act=fail)
    assert answer_once(**given, act=lambda: Answer(400, b"no")).body == b"no"
    assert not answer_once(**given, act=lambda: Answer(200, b"{}")).replayed


def test_of_two_that_talk_to_others_at_once_one_is_told_to_wait(key: ApiKey) -> None:
    given = {"key": key, "idempotency_key": "test-1", "method": "POST", "path": "/x", "body": b"{}", "in_one": False}

    def act() -> Answer:
        refused: list[str] = []

        def second() -> None:
            try:
                answer_once(**given, act=lambda: Answer(200, b"{}"))
            except StillRunning as error:
                refused.append(error.code)
            finally:
                connection.close()

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        return Answer(200, f'["{refused[0]}"]'.encode())

    assert answer_once(**given, act=act).body == b'["idempotency_key_in_use"]'

"""A POST sent again with the same Idempotency-Key is answered again, and not done again."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from merchants_app.models import ApiKey, AuditEntry, IdempotencyRecord, Merchant
from merchants_app.requests.idempotency import Answer, StillRunning, UsedForAnother, answer_once, forget_old
from sessions_app.models import CheckoutSession
from tests.cast import Api, terms
from tests.strangers.world import own


def test_a_second_create_is_answered_and_not_done(api: Api) -> None:
    first = api.post("checkout", terms(), Idempotency_Key="order-1")
    again = api.post("checkout", terms(), Idempotency_Key="order-1")
    assert (again.status_code, again.content) == (200, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert own(CheckoutSession).count() == 1


def test_an_answer_without_content_is_replayed_too(api: Api, session: CheckoutSession) -> None:
    path = f"checkout/{session.public_id}/cancel"
    first, again = (api.post(path, Idempotency_Key="once") for _ in range(2))
    assert [first.status_code, again.status_code, again.content] == [201, 201, b""]
    assert again["Idempotent-Replayed"] == "true"


def test_another_body_is_refused(api: Api) -> None:
    api.post("checkout", terms(), Idempotency_Key="order-1")
    other = api.post("checkout", terms(name="Otto"), Idempotency_Key="order-1")
    assert other.status_code == 422
    assert other.answer["errors"][0]["code"] == "idempotency_key_reused"
    assert other.answer["errors"][0]["attr"] == "Idempotency-Key"


def test_a_refused_request_may_be_corrected_under_the_same_key(api: Api) -> None:
    assert api.post("checkout", terms(amount=-1), Idempotency_Key="order-1").status_code == 400
    assert api.post("checkout", terms(), Idempotency_Key="order-1").status_code == 200


def test_merchants_and_modes_do_not_share_keys(api: Api, otto_key: str, mia_live_key: str) -> None:
    api.post("checkout", terms(), Idempotency_Key="order-1")
    ottos = api.as_(otto_key).post("checkout", terms(name="Otto"), Idempotency_Key="order-1")
    assert ottos.status_code == 200
    live = api.as_(mia_live_key).post("checkout", terms(name="Otto"), Idempotency_Key="order-1")
    assert live.answer["errors"][0]["code"] == "nothing_available"  # which is asked of the body, behind the key


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\tb"])
def test_a_key_that_is_none_is_named(api: Api, key: str) -> None:
    answer = api.post("checkout", terms(), Idempotency_Key=key)
    assert answer.status_code == 400
    assert answer.answer["errors"][0]["attr"] == "Idempotency-Key"


@pytest.mark.moves_everybody("old answers are forgotten, whosever they are")
def test_after_24_hours_the_key_is_free(api: Api, mia: Merchant) -> None:
    first = api.post("checkout", terms(), Idempotency_Key="order-1")
    own(IdempotencyRecord).update(created_at=timezone.now() - timedelta(hours=25))
    later = api.post("checkout", terms(), Idempotency_Key="order-1")
    assert later.answer["id"] != first.answer["id"]
    assert own(IdempotencyRecord).count() == 1
    assert forget_old(timezone.now() + timedelta(hours=25)) > 0
    assert not IdempotencyRecord.objects.exists()


# From here on with real transactions and connections.


@pytest.fixture
def key(transactional_db: None, mia_key: str) -> ApiKey:
    return own(ApiKey).get()


def do(key: ApiKey, name: str = "order-1", *, body: bytes = b"{}", during: Any = lambda: None) -> Answer:
    """Does something that leaves a trace in the database, under an idempotency key."""

    def act() -> Answer:
        AuditEntry.objects.create(merchant=key.merchant, mode=key.mode, actor="test", action="done")
        during()
        return Answer(200, b'{"id":"x"}')

    return answer_once(key=key, idempotency_key=name, method="POST", path="/x", body=body, act=act)


def times_done() -> int:
    return AuditEntry.objects.filter(action="done").count()


class Crash(BaseException):
    """The process dies: nothing catches it."""


def test_a_crash_before_the_answer_leaves_nothing_and_the_retry_does_it(key: ApiKey) -> None:
    def crash() -> None:
        raise Crash

    with pytest.raises(Crash):
        do(key, during=crash)
    assert (times_done(), own(IdempotencyRecord).count()) == (0, 0)
    assert not do(key).replayed
    assert times_done() == 1


def test_a_crash_between_the_write_and_the_answer_replays(key: ApiKey) -> None:
    do(key)  # committed; its answer never reached the shop
    retry = do(key)
    assert (retry.replayed, retry.body, times_done()) == (True, b'{"id":"x"}', 1)


def in_thread(act: Any) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def running(key: ApiKey) -> Iterator[None]:
    """A first request with the key that has done its work and is not answered yet."""
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        assert go_on.wait(10)

    thread = in_thread(lambda: do(key, during=hold))
    assert inside.wait(10)
    yield
    go_on.set()
    thread.join(10)


@pytest.mark.usefixtures("running")
def test_while_the_first_runs_the_second_is_told_so(key: ApiKey) -> None:
    with pytest.raises(StillRunning):
        do(key)
    assert not do(key, "order-2").replayed  # other keys do not wait


def test_many_at_once_do_it_once(key: ApiKey) -> None:
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            outcomes.append("replayed" if do(key).replayed else "done")
        except StillRunning:
            outcomes.append("running")

    threads = [in_thread(attempt) for _ in range(8)]
    for thread in threads:
        thread.join(20)
    assert outcomes.count("done") == 1
    assert len(outcomes) == 8
    assert times_done() == 1


def test_one_that_finished_between_look_and_lock_is_replayed(key: ApiKey) -> None:
    do(key)
    first = own(IdempotencyRecord).get()
    first.delete()  # so that the next one finds none when it looks
    assert do(key, during=lambda: in_thread(first.save).join()).replayed
    assert times_done() == 1  # what was done too much was undone


def test_a_replay_of_another_body_is_refused_before_anything_is_done(key: ApiKey) -> None:
    do(key)
    with pytest.raises(UsedForAnother), transaction.atomic():
        do(key, body=b'{"other":1}')
    assert times_done() == 1


def test_a_secret_is_not_kept_in_clear(api: Api) -> None:
    first = api.post("webhook-endpoints", {"url": "https://shop.example/hooks"}, Idempotency_Key="hooks")
    secret = first.answer["secret"]
    assert secret.encode() not in bytes(own(IdempotencyRecord).get().body)
    again = api.post("webhook-endpoints", {"url": "https://shop.example/hooks"}, Idempotency_Key="hooks")
    assert (again["Idempotent-Replayed"], again.answer["secret"]) == ("true", secret)


@pytest.mark.django_db
def test_a_body_that_cannot_be_read_is_called_so_with_a_key_too(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.secret}", "Idempotency-Key": "order-1"}
    answer = api.client.post(
        "/api/v1/checkout", b'{"amount": 1,,}', content_type="application/json", headers=headers
    ).json()
    assert [error["code"] for error in answer["errors"]] == ["parse_error"]


@pytest.mark.django_db
def test_an_empty_answer_has_no_type_with_a_key_either(api: Api, session: CheckoutSession) -> None:
    answer = api.post(f"checkout/{session.public_id}/cancel", Idempotency_Key="once")
    assert (answer.status_code, answer.content, "Content-Type" in answer) == (201, b"", False)

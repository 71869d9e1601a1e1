"""A session and the answer for a repeated request are written by one statement: with races, for real."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from chains_app.networks.networks import payment_options
from merchants_app.businesses.money_rules import change_settings
from merchants_app.keys.api_keys import create_key, forget_keys
from merchants_app.models import IdempotencyRecord, Merchant, Treasury
from merchants_app.treasuries.treasuries import treasury_for
from sessions_app.errors import NoTreasury, ReferenceTaken
from sessions_app.models import CheckoutSession, Customer, StatusChange
from sessions_app.selling import creation
from sessions_app.selling.creation import create_session
from tests.cast import MIAS_WALLET, Api, agreed, merchant, terms
from tests.locks.stage import over_since
from tests.races import closing, race
from tests.strangers.world import own
from tests.waiting import wait_until
from webhooks_app.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 8


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


@pytest.fixture
def secret(mia: Merchant) -> str:
    return create_key(merchant=mia, mode="test", name="race")[1]


def written() -> list[int]:
    """How many sessions, timeline rows, events and answers there are."""
    return [own(model).count() for model in (CheckoutSession, StatusChange, Event, IdempotencyRecord)]


def test_the_same_request_many_times_at_once_makes_one(secret: str) -> None:
    answers = race(*[lambda: Api(secret).post("checkout", terms(), Idempotency_Key="order-1")] * MANY)
    bodies = {answer.content for answer in answers if answer.status_code == 200}
    assert len(bodies) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}  # 409: still running, ask again
    assert written() == [1, 1, 1, 1]


def test_different_requests_under_one_key_make_one_and_the_others_are_refused(secret: str) -> None:
    posts = [
        lambda number=number: Api(secret).post("checkout", terms(name=f"Pat {number}"), Idempotency_Key="order-1")
        for number in range(MANY)
    ]
    statuses = sorted(answer.status_code for answer in race(*posts))
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {409, 422}
    assert written() == [1, 1, 1, 1]


def test_one_reference_under_many_keys_makes_one(secret: str) -> None:
    posts = [
        lambda number=number: Api(secret).post("checkout", terms(reference="r"), Idempotency_Key=f"order-{number}")
        for number in range(MANY)
    ]
    answers = race(*posts)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.answer["id"] for answer in answers}) == 1
    assert written() == [1, 1, 1, MANY]


def test_many_new_customers_at_once_are_one(mia: Merchant) -> None:
    made = race(*[lambda: create_session(merchant=mia, mode="test", terms=agreed())] * MANY)
    assert {session.customer_id for session in made} == {own(Customer).get().pk}
    assert {event.data["customerId"] for event in own(Event)} == {own(Customer).get().public_id}


@pytest.mark.parametrize("inside", [True, False])
def test_a_customer_made_by_another_request_meanwhile_is_taken(mia: Merchant, *, inside: bool) -> None:
    def create() -> CheckoutSession:
        with transaction.atomic() if inside else nullcontext():
            return create_session(merchant=mia, mode="test", terms=agreed())

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            customer = Customer.objects.create(merchant=mia, mode="test", email=terms()["email"], name="Pat Payer")
            running = pool.submit(closing(create))
            wait_until(somebody_waits)
        session = running.result(timeout=10)
    assert session.customer_id == customer.pk
    assert own(Event).get().data["customerId"] == customer.public_id
    assert [*written(), own(Customer).count()] == [1, 1, 1, 0, 1]


def somebody_waits() -> bool:
    """For a row that a transaction holds which is not over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted)")
        return bool(cursor.fetchone()[0])


def test_a_customer_has_the_last_name_given(secret: str, mia: Merchant) -> None:
    create_session(merchant=mia, mode="test", terms=agreed())
    customer = own(Customer).get()
    answer = Api(secret).post("checkout", terms(name="Pat Married", email="PAT@example.com"), Idempotency_Key="order-1")
    assert answer.answer["customer"] == {"id": customer.public_id, "email": "PAT@example.com", "name": "Pat Married"}
    customer.refresh_from_db()
    assert (customer.name, customer.email) == ("Pat Married", "pat@example.com")
    assert own(Customer).count() == 1


@pytest.mark.parametrize("why", ["reference", "treasury"])
def test_a_refused_session_renames_nobody(mia: Merchant, why: str) -> None:
    create_session(merchant=mia, mode="test", terms=agreed(reference="r"))
    if why == "treasury":
        own(Treasury).update(withdrawn_at=timezone.now())
    error, said = {
        "reference": (ReferenceTaken, "has this reference and another name"),
        "treasury": (NoTreasury, "Name the wallet to receive in first"),
    }[why]
    with pytest.raises(error, match=said):
        create_session(
            merchant=mia, mode="test", terms=agreed(name="Pat Married", reference="r" if why == "reference" else "s")
        )
    assert own(Customer).get().name == "Pat Payer"


def test_the_answer_and_the_event_name_the_customer_there_is(secret: str) -> None:
    first, second = (Api(secret).post("checkout", terms(), Idempotency_Key=name) for name in ("a", "b"))
    customer = own(Customer).get()
    assert first.answer["customerId"] == second.answer["customerId"] == customer.public_id
    assert first.answer["customer"] == {"id": customer.public_id, "email": customer.email, "name": customer.name}
    for answer in (first, second):
        assert Event.objects.get(subject=answer.answer["id"]).data == answer.answer
    again = Api(secret).post("checkout", terms(), Idempotency_Key="b")
    assert again.content == second.content


@pytest.mark.parametrize("since", ["switched off", "no treasury", "too late"])
def test_a_repeat_gets_its_session_though_nobody_could_make_it_by_now(secret: str, mia: Merchant, since: str) -> None:
    body = terms(allowedAssets=["ETH"], expiresAt=(timezone.now() + timedelta(minutes=6)).isoformat())
    first = Api(secret).post("checkout", body, Idempotency_Key="order-1")
    ether = [f"ETH@{option.network.id}" for option in payment_options("test") if option.asset.symbol == "ETH"]
    if since == "switched off":
        change_settings(merchant=mia, actor="mia", ways_off=ether)
        forget_keys()
        assert Api(secret).post("checkout", body).status_code == 400
    elif since == "no treasury":
        own(Treasury).update(withdrawn_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(minutes=2 if since == "too late" else 0)):
        again = Api(secret).post("checkout", body, Idempotency_Key="order-1")
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (200, "true"), again.answer
    assert again.answer["id"] == first.answer["id"]


@pytest.mark.parametrize("change", ["waits", "withdrawn", "in force"])
def test_the_session_gets_the_treasury_in_force(mia: Merchant, change: str) -> None:
    now = timezone.now()
    Treasury.objects.create(
        merchant=mia,
        mode="test",
        address="0x" + "22" * 20,
        active_from=now + timedelta(hours=1) if change == "waits" else now,
        withdrawn_at=now if change == "withdrawn" else None,
    )
    session = create_session(merchant=mia, mode="test", terms=agreed())
    assert session.treasury == treasury_for(mia, "test", session.created_at)
    assert (session.treasury.address == MIAS_WALLET) == (change != "in force")


def test_without_a_treasury_nothing_is_written(secret: str, mia: Merchant) -> None:
    own(Treasury).update(withdrawn_at=timezone.now())
    with pytest.raises(NoTreasury, match="Name the wallet to receive in first"):
        create_session(merchant=mia, mode="test", terms=agreed())
    refused = Api(secret).post("checkout", terms(), Idempotency_Key="order-1")
    assert refused.status_code == 409
    assert [*written(), own(Customer).count()] == [0, 0, 0, 0, 0]


def test_a_taken_reference_makes_no_customer(secret: str, mia: Merchant) -> None:
    create_session(merchant=mia, mode="test", terms=agreed(reference="r"))
    other = Api(secret).post("checkout", terms(reference="r", email="otto@example.com"), Idempotency_Key="order-1")
    assert other.status_code == 409
    assert [*written(), own(Customer).count()] == [1, 1, 1, 0, 1]


def test_a_reference_that_comes_and_goes_all_the_time_is_refused_in_the_end(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time somebody else has it when the session is written, and is over when that one is looked at."""

    def comes_and_goes() -> None:
        over_since(create_session(merchant=mia, mode="test", terms=agreed(reference="r")), minutes=1)

    def another_comes(*where: Any) -> Treasury | None:
        assert race(comes_and_goes) == [None]
        return treasury_for(*where)

    monkeypatch.setattr(creation, "treasury_for", another_comes)
    comes_and_goes()
    with pytest.raises(ReferenceTaken, match="come and go at this moment: try again") as refused:
        create_session(merchant=mia, mode="test", terms=agreed(reference="r", name="Pat Married"))
    assert (refused.value.attr, refused.value.about) == ("reference", {"actions": ["retry"]})
    assert sorted(own(CheckoutSession).values_list("status", flat=True)) == ["expired", "expired", "expired", "open"]
    assert own(Customer).get().name == "Pat Payer"

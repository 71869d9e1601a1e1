"""Each fast path by itself: that it was the one taken, how much it did, and that the slow path does the same."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checkout_project.middleware import pages
from common.api.exact_json import dumps
from merchants_app.keys.api_keys import create_key
from merchants_app.models import ApiKey, Merchant
from merchants_app.requests.idempotency import Answer, Claim, answer_once
from merchants_app.treasuries.treasuries import treasury_for
from sessions_app.models import CheckoutSession, Customer, StatusChange
from sessions_app.selling.creation import create_answered, create_session
from sessions_app.state.expiry_sql import expire_untouched
from sessions_app.state.lifecycle import TIME_IS_OVER, News, expire_overdue, reassess, reassess_many
from sessions_app.state.representation import represent
from tests.cast import Api, agreed, refreshed, terms
from tests.locks.stage import confirmed, waiting_for_money
from tests.rows import written_by
from webhooks_app.endpoints.endpoints import create_endpoint, delete_endpoint
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import NewEvent, record_events
from webhooks_app.models import Event

pytestmark = pytest.mark.django_db
NOBODY = "http://127.0.0.1:9/hooks"
ADA = {"email": "ada@example.com", "name": "Ada Adler", "reference": "order-7", "locale": "de"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """It stands: two ways that are tried one after the other write the same times."""
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as standing:
        yield standing


@pytest.fixture
def listening(mia: Merchant, otto: Merchant) -> None:
    """Of each business and mode: an endpoint that hears all, two that chose, and one that was deleted."""
    for business in (mia, otto):
        for mode in ("test", "live"):
            for events in ([], ["checkout.created"], ["checkout.expired"]):
                create_endpoint(merchant=business, mode=mode, url=NOBODY, actor="mia", events=events)
            gone, _ = create_endpoint(merchant=business, mode=mode, url=NOBODY, actor="mia")
            delete_endpoint(endpoint=gone, actor="mia")


@pytest.fixture
def key(mia: Merchant) -> ApiKey:
    return create_key(merchant=mia, mode="test", name="shop")[0]


def row_by_row(mia: Merchant, body: dict[str, Any], *, renames: bool = True) -> CheckoutSession:
    """What creating a session writes, by Django's ordinary means, said in the words of the contract and the docs."""
    now = timezone.now()
    customer, is_new = Customer.objects.get_or_create(
        merchant=mia, mode="test", email=body["email"], defaults={"name": body["name"], "created_at": now}
    )
    if renames and not is_new:
        customer.name = body["name"]
        customer.save(update_fields=["name"])
    session = CheckoutSession.objects.create(
        merchant=mia, mode="test", customer=customer, treasury=treasury_for(mia, "test", now),
        amount=body["amount"], currency=body["currency"], email=body["email"], name=body["name"],
        success_url=body["successUrl"], cancel_url=body["cancelUrl"], metadata=body["metadata"],
        product_id=body["productId"], product_name=body["productName"],
        product_description=body["productDescription"], allowed_assets=body["allowedAssets"],
        reference=body["reference"], locale=body["locale"],
        expires_at=now + timedelta(minutes=45), watch_until=now + timedelta(minutes=45, days=9),
        tolerance_percent=Decimal("2.50"), tolerance_amount=Decimal("0.75"), spread_percent=Decimal("1.25"),
        created_at=now, updated_at=now, event_count=1,
    )  # fmt: skip
    StatusChange.objects.create(
        session=session, from_status="", to_status="open", payment_status="unpaid", reason="Created.",
        actor="sk_test_1", at=now,
    )  # fmt: skip
    snapshot = represent(refreshed(session))
    record_events([
        NewEvent(
            merchant_id=mia.pk, mode="test", type=EventType.CHECKOUT_CREATED, subject=session.public_id, sequence=1,
            data=snapshot,
        )
    ])  # fmt: skip
    return session


@pytest.fixture
def settled(mia: Merchant) -> Merchant:
    """Mia with settings of her own, no two the same."""
    mia.session_minutes, mia.watch_days = 45, 9
    mia.tolerance_percent, mia.tolerance_amount, mia.spread_percent = Decimal("2.50"), Decimal("0.75"), Decimal("1.25")
    mia.save()
    return mia


@pytest.mark.parametrize("known", ["nobody", "by another name", "by this name", "and keeps the name"])
def test_one_statement_creates_what_row_by_row_is_written(settled: Merchant, listening: None, known: str) -> None:
    if known != "nobody":
        name = ADA["name"] if known == "by this name" else "Ada Married"
        Customer.objects.create(merchant=settled, mode="test", email=ADA["email"], name=name)
    Customer.objects.create(merchant=settled, mode="live", email=ADA["email"], name="Ada Live")
    renames, body = known != "and keeps the name", terms(**ADA)

    def at_once() -> None:
        with CaptureQueriesContext(connection) as asked:
            create_session(
                merchant=settled, mode="test", terms=agreed(**ADA), actor="sk_test_1", renames_customer=renames
            )
        assert len([each for each in asked if "SAVEPOINT" not in each["sql"]]) == 1

    quick, long = written_by(at_once), written_by(lambda: row_by_row(settled, body, renames=renames))
    assert quick == long
    assert len(quick["webhooks_app_delivery"]) == 2


def test_a_session_and_its_answer_are_one_statement_that_writes_what_two_write(
    settled: Merchant, listening: None, key: ApiKey
) -> None:
    body = terms(**ADA)
    claim = Claim(key, "order-7", "a fingerprint")

    def at_once() -> None:
        with CaptureQueriesContext(connection) as asked:
            assert create_answered(merchant=settled, mode="test", terms=agreed(**ADA), actor="sk_test_1", claim=claim)
        assert len(asked) == 1

    def apart() -> None:
        def act() -> Answer:
            made = row_by_row(settled, body)
            return Answer(200, dumps(represent(refreshed(made))).encode())

        answer_once(key=key, idempotency_key="order-7", method="POST", path="/x", body=b"", act=act)

    quick, long = written_by(at_once), written_by(apart)
    kept, kept_long = (json.loads(one.pop("merchants_app_idempotencyrecord")[0]) for one in (quick, long))
    assert quick == long
    assert kept.pop("fingerprint") == "a fingerprint"
    assert len(kept_long.pop("fingerprint")) == 64
    assert kept == kept_long


@pytest.fixture
def overdue(mia: Merchant, otto: Merchant, listening: None, clock: time_machine.Traveller) -> list[CheckoutSession]:
    """Two of Mia's and one of Otto's in test mode, one of Otto's in live mode; one of Mia's still runs."""
    made = [
        create_session(merchant=merchant, mode=mode, terms=agreed(**ADA | {"reference": f"order-{number}"}))
        for number, (merchant, mode) in enumerate([(mia, "test"), (mia, "test"), (otto, "test"), (otto, "live")])
    ]
    clock.shift(timedelta(hours=2))
    create_session(merchant=mia, mode="test", terms=agreed())
    return made


def over_since(sessions: list[CheckoutSession], *, minutes: int) -> None:
    CheckoutSession.objects.filter(pk__in=[each.pk for each in sessions]).update(
        expires_at=timezone.now() - timedelta(minutes=minutes)
    )


def test_the_batch_alone_takes_all_that_nobody_touched_and_leaves_nothing(overdue: list[CheckoutSession]) -> None:
    assert expire_untouched(10, reason=TIME_IS_OVER, now=timezone.now()) == (4, 8)
    assert {refreshed(each).status for each in overdue} == {"expired"}
    assert expire_untouched(10, reason=TIME_IS_OVER, now=timezone.now()) == (0, 0)
    assert expire_overdue(10) == 0


def test_the_batch_alone_takes_no_more_than_it_may_and_the_oldest_first(overdue: list[CheckoutSession]) -> None:
    over_since(overdue[3:], minutes=500)
    over_since(overdue[1:2], minutes=400)
    assert expire_untouched(2, reason=TIME_IS_OVER, now=timezone.now()) == (2, 4)
    assert [refreshed(each).status for each in overdue] == ["open", "expired", "open", "expired"]


def test_the_batch_alone_writes_what_one_after_the_other_is_written(overdue: list[CheckoutSession]) -> None:
    news = News(reason=TIME_IS_OVER)
    quick = written_by(lambda: expire_untouched(10, reason=TIME_IS_OVER, now=timezone.now()))
    assert quick == written_by(lambda: [reassess(each.pk, news) for each in overdue])
    assert {table: len(rows) for table, rows in quick.items()} == {
        "sessions_app_checkoutsession": 4,
        "sessions_app_statuschange": 4,
        "webhooks_app_event": 4,
        "webhooks_app_delivery": 8,
    }


def test_the_batch_alone_leaves_what_it_cannot_tell_of_to_the_long_way(mia: Merchant, listening: None) -> None:
    """Who picked an option was shown an address, and money may have come: the snapshot of the creation is too old."""
    picked = waiting_for_money(mia)
    over_since([picked], minutes=3)
    assert expire_untouched(10, reason=TIME_IS_OVER, now=timezone.now()) == (0, 0)
    assert expire_overdue(10) == 1
    event = Event.objects.filter(subject=picked.public_id).latest("subject_sequence")
    assert (event.type, event.data) == ("checkout.expired", represent(refreshed(picked)).model_dump())
    assert event.data["payment"]["address"] == picked.deposit.address


def test_many_are_settled_as_one_after_the_other_is(mia: Merchant, otto: Merchant, listening: None) -> None:
    """Paid, paid in part and too late, paid too much, not at all, of two businesses."""
    sessions = [waiting_for_money(merchant) for merchant in (mia, mia, otto, otto)]
    for session, amount in zip(sessions, ("49.00", "20.00", "60.00"), strict=False):
        confirmed(session, amount)
    over_since(sessions[1:2], minutes=3)
    news = {session.pk: News(reason=f"News {number}.") for number, session in enumerate(sessions)}
    quick = written_by(lambda: reassess_many(news))
    assert quick == written_by(lambda: [reassess(pk, each) for pk, each in news.items()])
    assert len(quick["sessions_app_checkoutsession"]) == 3


def test_many_are_settled_in_as_many_statements_as_two(mia: Merchant, listening: None) -> None:
    sessions = [waiting_for_money(mia) for _ in range(5)]
    for session in sessions:
        confirmed(session, "49.00")

    def statements(some: list[CheckoutSession]) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert {each.status for each in reassess_many({each.pk: News(reason="Paid.") for each in some})} == {
                "completed"
            }
        return len(asked)

    assert statements(sessions[:2]) == statements(sessions[2:])


@pytest.fixture
def the_long_way(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on the API's calls go through all that pages need."""
    return lambda: monkeypatch.setattr(pages, "is_call", lambda request: False)


@pytest.mark.parametrize("path", ["checkout", "checkout/{id}", "checkout/cs_none", "checkout?limit=x", "nothing"])
def test_a_call_past_the_pages_middleware_is_answered_as_by_all_of_it(
    api: Api, session: CheckoutSession, the_long_way: Callable[[], None], path: str
) -> None:
    api.get("checkout")  # the key is known from here on

    def ask() -> tuple[int, bytes, int, set[str]]:
        with CaptureQueriesContext(connection) as asked:
            answer = api.get(path.format(id=session.public_id))
        return answer.status_code, answer.content, len(asked), set(answer.headers)

    *short, short_headers = ask()
    the_long_way()
    *long, long_headers = ask()
    assert short == long
    # What only pages get says which path it was.
    assert "Content-Security-Policy" not in short_headers
    assert "Content-Security-Policy" in long_headers


def test_a_session_made_past_the_pages_middleware_is_as_by_all_of_it(
    api: Api, listening: None, the_long_way: Callable[[], None]
) -> None:
    api.get("checkout")  # the key is known from here on
    body = terms(**ADA)
    short = written_by(lambda: api.post("checkout", body, Idempotency_Key="order-7"))
    the_long_way()
    long = written_by(lambda: api.post("checkout", body, Idempotency_Key="order-7"))
    assert short == long
    assert {table: len(rows) for table, rows in short.items()} == {
        "merchants_app_idempotencyrecord": 1,
        "sessions_app_customer": 1,
        "sessions_app_checkoutsession": 1,
        "sessions_app_statuschange": 1,
        "webhooks_app_event": 1,
        "webhooks_app_delivery": 2,
    }

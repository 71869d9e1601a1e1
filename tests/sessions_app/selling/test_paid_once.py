"""A reference is paid once: in whatever order its sessions are paid, ended and paid late."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from merchants_app.models import Merchant
from sessions_app.models import Announcement, CheckoutSession
from sessions_app.orders.paid_once import OfOrder, mark_paid_orders, others_of, paid_before, payer_of, untold
from sessions_app.paying.announcing import announce, take_back
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.state.expiry import settle_orders
from sessions_app.state.lifecycle import reassess
from tests.cast import OTTOS_WALLET, Api, agreed, merchant, refreshed, terms
from tests.locks.stage import SEEN, confirmed
from tests.sandbox import Sandbox, events_of

pytestmark = pytest.mark.django_db
Create = Callable[..., CheckoutSession]
T = datetime(2026, 1, 1, 12, tzinfo=UTC)
HASH = "0x" + "ab" * 32


def row(id: str, made: int, paid: int | None = None) -> OfOrder:
    """Made and paid in those minutes."""
    at = None if paid is None else T + timedelta(minutes=paid)
    return OfOrder(id=id, key=made, created_at=T + timedelta(minutes=made), completed_at=at)


@pytest.mark.parametrize(
    ("order", "payers"),
    [
        ([row("a", 1), row("b", 2)], {}),
        ([row("a", 1, 9), row("b", 2)], {"b": "a"}),
        ([row("a", 1), row("b", 2, 9)], {"a": "b"}),
        ([row("a", 1, 8), row("b", 2, 9)], {"b": "a"}),
        ([row("a", 1, 9), row("b", 2, 8)], {"a": "b"}),
        ([row("a", 1, 9), row("b", 2, 9)], {"b": "a"}),
        ([row("a", 1, 5), row("repeat", 6)], {}),
        ([row("a", 1, 5), row("repeat", 6, 9)], {}),
        ([row("a", 1, 5), row("repeat", 5, 9)], {}),
        ([row("a", 1, 5), row("b", 2, 9), row("repeat", 6, 7)], {"b": "a"}),
        ([row("a", 1, 5), row("b", 2), row("c", 3, 4)], {"a": "c", "b": "c"}),
        ([row("a", 1, 8), row("b", 2, 4), row("repeat", 6)], {"a": "b"}),
        ([row("a", 1, 8), row("b", 2, 4), row("repeat", 6, 9)], {"a": "b"}),
        ([row("a", 1, 8), row("b", 2, 4), row("repeat", 6, 7), row("c", 6)], {"a": "b", "c": "repeat"}),
    ],
)
def test_what_was_paid_before_while_it_was_there_paid_the_order(order: list[OfOrder], payers: dict[str, str]) -> None:
    for each in permutations(order):
        found = {one.id: paid_before(one, [other for other in each if other is not one]) for one in each}
        assert {id: payer for id, payer in found.items() if payer} == payers


@settings(max_examples=60)
@given(st.permutations(list("abcd" * 2)), st.integers(0, 8))
def test_whoever_is_told_at_once_by_what_pays_comes_to_the_same(events: list[str], until: int) -> None:
    """Of each letter, a session is made by the first event and paid by the second."""
    order: dict[str, OfOrder] = {}
    payers: dict[str, str] = {}
    for minute, id in enumerate(events[:until]):
        if id not in order:
            order[id] = row(id, minute)
            continue
        if id not in payers:
            wait = [other.id for other in order.values() if not other.completed_at and other.id not in payers]
            payers |= {other: id for other in wait if other != id}
        order[id] = row(id, order[id].key, minute)
    found = {one.id: paid_before(one, [each for each in order.values() if each is not one]) for one in order.values()}
    assert {id: payer for id, payer in found.items() if payer} == payers


@pytest.fixture
def create(mia: Merchant) -> Create:
    """A session of order 1 that an asset was picked for."""

    def make(*, of: Merchant = mia, mode: str = "test", repeat: bool = False, **changes: Any) -> CheckoutSession:
        agreement = agreed(**{"reference": "order-1"} | changes)
        made = create_session(merchant=of, mode=mode, terms=agreement, allow_repeat=repeat)
        if mode == "live":
            return made
        choose_option(session=made, asset="USDC", network="sandbox", now=timezone.now())
        return refreshed(made)

    return make


@pytest.fixture
def two(sandbox: Sandbox, create: Create) -> tuple[CheckoutSession, CheckoutSession]:
    """One whose time ran out, and the one that was made after it."""
    first = create()
    sandbox.skip(minutes=61)
    sandbox.look()
    assert refreshed(first).status == "expired"
    return first, create()


def state(session: CheckoutSession) -> tuple[str, str | None, bool]:
    now = refreshed(session)
    return now.status, now.issue, now.needs_decision


def test_the_open_session_of_an_order_that_was_paid_late_ends_by_itself(
    two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox, client: Any, api: Api
) -> None:
    first, second = two
    sandbox.play(first, "late")
    assert state(first) == ("completed", "late", False)
    assert state(second) == ("cancelled", None, False)
    assert events_of(second) == ["created", "cancelled"]
    assert refreshed(second).timeline.latest("id").reason == f"The order was paid by {first.public_id}."
    assert b"Your order is paid already" in client.get(f"/pay/{second.page_token}").content
    [error] = api.post(f"checkout/{second.public_id}/expire").answer["errors"]
    assert error["actions"] == ["allow_repeat"]
    settle_orders()
    assert events_of(second) == ["created", "cancelled"]
    assert not CheckoutSession.objects.filter(others_wait=True).exists()


def test_a_paid_order_is_refused_before_its_open_session_has_ended(
    two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox, api: Api
) -> None:
    first, second = two
    CheckoutSession.objects.filter(pk=first.pk).update(status="completed", completed_at=timezone.now())
    body = terms(reference="order-1")
    [error] = api.post("checkout", body).answer["errors"]
    assert (error["code"], error["sessionId"]) == ("reference_paid", first.public_id)
    assert state(second)[0] == "open"
    assert api.post("checkout", body | {"allowRepeat": True}).answer["id"] == second.public_id


def test_what_is_paid_for_an_ended_session_of_a_paid_order_is_asked_about_and_goes_back_whole(
    two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox, api: Api
) -> None:
    first, second = two
    sandbox.play(second, "exact")
    assert state(second) == ("completed", None, False)
    sandbox.play(first, "late")
    assert state(first) == ("completed", "paid_twice", True)
    assert [each["sessionId"] for each in api.get("issues").answer] == [first.public_id]
    refund = api.post(f"checkout/{first.public_id}/refunds", {"amount": "excess", "address": OTTOS_WALLET}).answer
    assert refund["value"] == 49
    api.post(f"refunds/{refund['id']}/simulate")
    sandbox.wait(10, first)
    told = api.get(f"checkout/sessions/{first.public_id}").answer
    assert (told["paymentStatus"], told["needsDecision"], told["amountNet"]) == ("refunded", False, 0)


def test_money_on_both_makes_the_later_one_paid_twice(
    two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox, client: Any
) -> None:
    first, second = two
    sandbox.send_to(second.deposit.address, "9")
    sandbox.play(first, "late")
    assert state(second) == ("open", None, False)
    page = client.get(f"/pay/{second.page_token}").content
    assert b"Your order is paid already" in page
    assert b'data-state="order_paid"' in page
    assert second.deposit.address.encode() not in page
    sandbox.send_to(second.deposit.address, "40")
    assert state(second) == ("completed", "paid_twice", True)
    assert state(first) == ("completed", "late", False)
    assert events_of(second)[-2:] == ["completed", "issue_opened"]


def test_both_paid_before_anybody_was_told(two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox) -> None:
    for each in two:
        sandbox.send_to(each.deposit.address, "49", seconds=0)
    sandbox.wait(5, two[0])
    assert sorted(str(state(each)) for each in two) == sorted(
        [str(("completed", "late", False)), str(("completed", "paid_twice", True))]
    )


def test_a_session_with_a_payment_announced_or_with_its_time_over_is_left_to_itself(
    two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox
) -> None:
    first, second = two
    announce(second, tx_hash="", amount="49", now=timezone.now())
    sandbox.play(first, "late")
    assert state(second) == ("open", None, False)
    sandbox.skip(minutes=61)
    sandbox.look()
    assert state(second) == ("expired", None, False)


@pytest.mark.parametrize(
    ("by", "status"), [("its wallet", "open"), ("the nodes", "cancelled"), ("the nodes, of a former one", "open")]
)
def test_what_the_nodes_undid_for_good_is_awaited_no_more(
    two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox, by: str, status: str
) -> None:
    first, second = two
    announce(second, tx_hash=HASH, amount="49", now=timezone.now())
    if by == "its wallet":
        take_back(second, tx_hash=HASH)
    else:
        of = HASH if by == "the nodes" else "0x" + "cd" * 32
        Announcement.objects.filter(session=second).update(fate="reverted", fate_of=of)
    sandbox.play(first, "late")
    assert state(second)[0] == status


def test_nobody_else_is_touched_and_wanted_repeats_are_not(
    two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox, create: Create
) -> None:
    first, _ = two
    others = [
        create(reference="order-2"),
        create(reference=None),
        create(mode="live"),
        create(of=merchant("Otto Books", OTTOS_WALLET)),
    ]
    sandbox.play(first, "late")
    repeats = [create(repeat=True)]
    sandbox.wait(1, first)
    assert {state(each) for each in [*others, *repeats]} == {("open", None, False)}
    sandbox.play(repeats[0], "exact")
    assert state(repeats[0]) == ("completed", None, False)
    assert state(first) == ("completed", "late", False)


def test_what_was_paid_twice_pays_for_no_wanted_repeat(
    two: tuple[CheckoutSession, CheckoutSession], sandbox: Sandbox, create: Create
) -> None:
    first, second = two
    sandbox.play(second, "exact")
    repeat = create(repeat=True)
    sandbox.play(first, "late")
    assert state(first) == ("completed", "paid_twice", True)
    assert state(repeat) == ("open", None, False)
    sandbox.play(repeat, "exact")
    assert state(repeat) == ("completed", None, False)


def test_nor_before_it_is_known_to_be_paid_twice(create: Create) -> None:
    first, second, repeat = (create(repeat=True, reference=reference) for reference in ("1", "2", "3"))
    began = timezone.now()
    for session, made, paid in ((first, 1, 8), (second, 2, 4), (repeat, 6, None)):
        CheckoutSession.objects.filter(pk=session.pk).update(
            status="completed" if paid else "open", reference="order-1", created_at=began + timedelta(minutes=made),
            completed_at=began + timedelta(minutes=paid) if paid else None,
        )  # fmt: skip
    assert untold(refreshed(second)) == [first.pk]
    assert (payer_of(refreshed(first)), payer_of(refreshed(repeat))) == (second.public_id, None)


def test_a_reference_costs_who_is_paid_one_look_and_none_costs_nothing(create: Create) -> None:
    asked = []
    for reference in ("order-1", None):
        session = create(reference=reference)
        confirmed(session, "49.00")
        with CaptureQueriesContext(connection) as queries:
            assert reassess(session.pk, SEEN).status == "completed"
        asked.append(len(queries))
    assert asked[0] - asked[1] == 1


@pytest.fixture
def strangers(create: Create, otto_merchant: Merchant) -> list[CheckoutSession]:
    """All that look like another of order 1 and are none."""
    former = create()
    CheckoutSession.objects.filter(pk=former.pk).update(status="expired", superseded_by="cs_later")
    former.deposit.delete()  # its successor has it
    return [former, create(reference="order-2"), create(mode="live"), create(of=otto_merchant)]


@pytest.fixture
def otto_merchant(db: None) -> Merchant:
    return merchant("Otto Bikes", OTTOS_WALLET)


def test_only_sessions_of_the_same_order_are_told(strangers: list[CheckoutSession], create: Create) -> None:
    paid = create()
    paid.completed_at = timezone.now() + timedelta(minutes=1)
    mark_paid_orders([paid])
    assert (paid.others_wait, untold(paid), list(others_of(paid))) == (False, [], [])
    CheckoutSession.objects.filter(pk=paid.pk).update(status="completed", completed_at=paid.completed_at)
    other = create(repeat=True)
    mark_paid_orders([paid])
    assert (paid.others_wait, untold(paid), list(others_of(paid))) == (True, [other.pk], [other])
    CheckoutSession.objects.filter(pk=other.pk).update(order_paid_by=paid.public_id)
    assert untold(paid) == []
    CheckoutSession.objects.filter(pk=other.pk).update(order_paid_by=None, created_at=paid.completed_at)
    assert untold(paid) == []


def test_who_paid_the_order_is_asked_of_that_order(strangers: list[CheckoutSession], create: Create) -> None:
    for each in strangers:
        CheckoutSession.objects.filter(pk=each.pk).update(completed_at=timezone.now() + timedelta(minutes=1))
    assert payer_of(create()) is None

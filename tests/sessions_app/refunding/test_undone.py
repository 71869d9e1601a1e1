"""What becomes of refunds that are not where they were seen, by what the chain answers when it is asked for them."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.reading.reader import Block, Reader, Sighting
from merchants_app.models import Merchant
from sessions_app.models import Decision, Refund
from sessions_app.paying.refund_states import Move, move
from sessions_app.refunding.undone import Found, find, store_found
from sessions_app.refunding.watch import place_refunds
from sessions_app.status import RefundStatus
from tests.locks.cases_sessions import refund
from tests.locks.stage import overpaid

pytestmark = pytest.mark.django_db
TX = "0x" + "ab" * 32
ELSEWHERE = Block(number=9, hash="0x9", time=timezone.now())
WHERE_IT_WAS = Block(number=7, hash="0x7", time=timezone.now())


class Chain:
    """Says of whatever it is asked for that it is there; of nothing, where it cannot tell."""

    def __init__(self, *there: Block | None) -> None:
        self.there = there

    def whereabouts(self, sightings: Iterable[Sighting], *, head: int) -> Mapping[Sighting, Block | None]:
        return {each: block for each in sightings for block in self.there}


def on_chain(mia: Merchant, status: RefundStatus = RefundStatus.CONFIRMED) -> Refund:
    """It was seen, and is final perhaps, in block 7."""
    made = refund(overpaid(mia))
    seen = {"tx_hash": TX, "log_index": 3, "block_number": 7, "block_hash": "0x7"}
    for to in (RefundStatus.SEEN, status):
        move([Move(refund=made, to=to, reason="So it is.", changes=seen)])
    return Refund.objects.select_related("session__merchant").get(pk=made.pk)


def found(chain: Chain, *refunds: Refund, of: str = "sandbox", at_once: bool = True) -> Found:
    return find(network(of), cast(Reader, chain), refunds, head=20, at_once=at_once)


def test_what_nobody_could_tell_is_asked_for_again_after_a_while_on_each_network_for_itself(mia: Merchant) -> None:
    cache.clear()
    made = on_chain(mia)
    for of in ("sandbox", "base"):
        assert found(Chain(), made, of=of, at_once=False).unsure == [made]
        assert found(Chain(), made, of=of, at_once=False) == Found()
    assert found(Chain(), made).unsure == [made]


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (Chain(), ([], [], [1])),
        (Chain(None), ([1], [], [])),
        (Chain(ELSEWHERE), ([], [1], [])),
        (Chain(WHERE_IT_WAS), ([], [], [])),
    ],
)
def test_it_is_gone_or_elsewhere_or_nobody_can_tell(mia: Merchant, chain: Chain, expected: Any) -> None:
    made = on_chain(mia)
    said = found(chain, made)
    told = [[refund.pk for refund in each] for each in (said.gone, [one for one, _ in said.moved], said.unsure)]
    assert told == [[made.pk] * len(each) for each in expected]


@pytest.mark.parametrize(
    ("before", "chain", "after"),
    [
        (RefundStatus.CONFIRMED, Chain(), ("seen", 7, "0x7", TX)),
        (RefundStatus.CONFIRMED, Chain(ELSEWHERE), ("seen", 9, "0x9", TX)),
        (RefundStatus.CONFIRMED, Chain(None), ("prepared", None, "", "")),
        (RefundStatus.CONFIRMED, Chain(WHERE_IT_WAS), ("confirmed", 7, "0x7", TX)),
        (RefundStatus.SEEN, Chain(), ("seen", 7, "0x7", TX)),
        (RefundStatus.SEEN, Chain(ELSEWHERE), ("seen", 9, "0x9", TX)),
        (RefundStatus.SEEN, Chain(None), ("seen", 7, "0x7", TX)),  # `place_refunds` says what is gone
    ],
)
def test_what_is_stored_of_it(mia: Merchant, before: RefundStatus, chain: Chain, after: tuple[Any, ...]) -> None:
    made = on_chain(mia, before)
    store_found(found(chain, made), now=timezone.now())
    now = Refund.objects.get(pk=made.pk)
    assert (now.status, now.block_number, now.block_hash, now.tx_hash) == after
    assert now.log_index == (3 if after[-1] else None)
    assert (now.confirmed_at is None) == (after[0] != "confirmed")


def decided(made: Refund, *, by: str) -> Decision:
    """That the money has gone back by this transaction."""
    return Decision.objects.create(
        session=made.session, kind="refunded", issue="overpaid", seen=made.seen, tx_hash=TX, actor=by,
        decided_at=timezone.now(),
    )  # fmt: skip


def test_what_it_settled_by_itself_is_open_again_and_what_somebody_decided_stays(mia: Merchant) -> None:
    made = on_chain(mia)
    decided(made, by=f"refund {made.public_id}")
    by_hand = decided(made, by="mia@example.com")
    store_found(found(Chain(None), made), now=timezone.now())
    assert list(made.session.decisions.all()) == [by_hand]


def test_one_that_another_watcher_placed_anew_meanwhile_is_left_alone(mia: Merchant) -> None:
    """And what it settled by itself stays so."""
    made = on_chain(mia)
    settled = decided(made, by=f"refund {made.public_id}")
    said = found(Chain(None), made)
    Refund.objects.filter(pk=made.pk).update(block_hash="0x70")
    store_found(said, now=timezone.now())
    assert Refund.objects.get(pk=made.pk).status == "confirmed"
    assert list(made.session.decisions.all()) == [settled]


def test_so_it_is_where_it_was_to_be_confirmed_anew_first(mia: Merchant) -> None:
    made = on_chain(mia)
    decided(made, by=f"refund {made.public_id}")
    by_hand = decided(made, by="mia@example.com")
    store_found(found(Chain(), made), now=timezone.now())
    assert made.session.decisions.count() == 2
    seen = Refund.objects.select_related("session__merchant").get(pk=made.pk)
    with transaction.atomic():
        place_refunds(network("sandbox"), [seen], [], gone=[seen], now=timezone.now())
    assert Refund.objects.get(pk=made.pk).status == "prepared"
    assert list(made.session.decisions.all()) == [by_hand]

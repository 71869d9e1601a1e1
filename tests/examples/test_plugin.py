"""A plugin's order ends in the state of docs/write-a-plugin.md, in whatever order, and however often, events arrive."""

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chains_app.sandbox.chain import take_back
from examples.plugin.orders import Order
from sessions_app.models import CheckoutSession, Refund
from tests.cast import PATS_WALLET, Api, terms
from tests.sandbox import Sandbox
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).parents[2] / "docs/write-a-plugin.md"


class Shop:
    """What a buyer and a shop do about one order."""

    def __init__(self, api: Api, sandbox: Sandbox) -> None:
        self.api, self.sandbox = api, sandbox
        self.stations: list[tuple[str, int]] = []

    @property
    def events(self) -> list[Any]:
        """All that was told of the order, in the order in which it happened."""
        told = self.api.get("events?limit=100").answer
        return [each for each in told if each["data"].get("reference") == "order-1"]

    def reached(self, state: str) -> None:
        """By what was told until now the order is in that state."""
        self.stations.append((state, len(self.events)))

    def checkout(self, amount: int = 49) -> CheckoutSession:
        body = terms(amount=amount, reference="order-1", onConflict="supersede", allowedAssets=["USDC"])
        return CheckoutSession.objects.get(public_id=self.api.post("checkout", body).answer["id"])

    def pay(self, scenario: str, seconds: int = 5) -> None:
        self.sandbox.play(own(CheckoutSession).latest("id"), scenario, seconds=seconds)

    def pick(self, session: CheckoutSession) -> str:
        body = {"asset": "USDC", "network": "sandbox"}
        return str(self.api.post(f"checkout/{session.public_id}/quote", body).answer["payment"]["address"])

    def paid_and(self, *scenarios: str, seconds: int = 5) -> None:
        self.checkout()
        for each in scenarios:
            self.pay(each, seconds=seconds)

    def expired(self) -> None:
        self.checkout()
        self.api.post("sandbox/advance", {"seconds": 3600})

    def cancelled(self) -> None:
        self.api.post(f"checkout/{self.checkout().public_id}/cancel")

    def too_little(self) -> None:
        self.paid_and("short")
        self.api.post("sandbox/advance", {"seconds": 3600})

    def carts(self) -> None:
        """The cart is edited twice, the last one is paid."""
        for amount in (49, 60, 55):
            self.checkout(amount)
        self.pay("exact")

    def old_page(self) -> None:
        """The buyer pays by the address of the first cart, in two parts."""
        address = self.pick(self.checkout())
        self.checkout(60)
        self.sandbox.send_to(address, "49.00")
        self.sandbox.send_to(address, "11.00")

    def old_page_in_part(self) -> None:
        address = self.pick(self.checkout())
        self.checkout(60)
        self.sandbox.send_to(address, "49.00")

    def anew(self) -> str:
        """The first session is over, and the order has a second one. Where the first is still paid to."""
        first = self.checkout()
        address = self.pick(first)
        self.api.post(f"checkout/{first.public_id}/expire")
        self.reached("cancelled")
        self.checkout()
        self.reached("waiting")
        return address

    def paid_anew(self) -> None:
        self.anew()
        self.pay("exact")

    def late(self, amount: str = "49.00") -> None:
        """The buyer pays by the first page while the second is open."""
        self.sandbox.send_to(self.anew(), amount)

    def late_and_refunded(self) -> None:
        self.late()
        self.reached("paid")
        self.api.post(f"checkout/{own(CheckoutSession).latest('id').public_id}/cancel")
        self.reached("paid")
        self.refund("all")

    def late_part_written_off(self) -> None:
        self.late("20.00")
        self.reached("on hold")
        first = own(CheckoutSession).earliest("id")
        self.api.post(f"checkout/{first.public_id}/resolve", {"decision": "write_off", "note": "Too little"})

    def both(self) -> None:
        """Both are paid, and what the second brought goes back."""
        address = self.anew()
        self.pay("exact")
        self.reached("paid")
        self.sandbox.send_to(address, "49.00")
        self.reached("paid")
        self.refund("all", of=own(CheckoutSession).latest("id"))

    def refund(self, amount: object, *, send: bool = True, of: CheckoutSession | None = None) -> str:
        """Some money goes back; the id of the refund."""
        session = of or own(CheckoutSession).earliest("id")
        body = {"amount": amount, "address": PATS_WALLET}
        made = str(self.api.post(f"checkout/{session.public_id}/refunds", body).answer["id"])
        self.api.post(f"refunds/{made}/{'simulate' if send else 'withdraw'}")
        self.sandbox.wait(4, session)
        return made

    def refunds(self) -> None:
        """Half goes back, some shall and is withdrawn, then all does, and the chain takes that back for a while."""
        self.paid_and("exact")
        self.reached("paid")
        self.refund(24.5)
        self.reached("partly refunded")
        self.refund(5, send=False)
        self.reached("partly refunded")
        last = Refund.objects.get(public_id=self.refund("all"))
        self.reached("refunded")
        take_back(tx_hash=last.tx_hash, now=timezone.now())
        self.sandbox.wait(4, last.session)
        self.reached("partly refunded")
        self.api.post(f"refunds/{last.public_id}/simulate")
        self.sandbox.wait(4, last.session)


def same(one: Any, other: Any) -> bool:
    """Whether both are about one session."""
    return bool(one["subject"] == other["subject"])


def left(event: Any, *, when: Any) -> Any:
    """The message of an event that left when that one was its session's newest: `current` is how it stood then."""
    now = {name: when["data"].get(name) for name in event["data"]["current"]} | {"sequence": when["sequence"]}
    return event | {"data": event["data"] | {"current": now}}


HISTORIES: dict[str, tuple[Callable[[Shop], None], str]] = {
    "paid": (lambda shop: shop.paid_and("exact"), "paid"),
    "paid in two parts": (lambda shop: shop.paid_and("short", "rest"), "paid"),
    "expired": (Shop.expired, "cancelled"),
    "cancelled": (Shop.cancelled, "cancelled"),
    "paid late": (lambda shop: shop.paid_and("late"), "paid"),
    "too little when it was over": (Shop.too_little, "on hold"),
    "paid too much": (lambda shop: shop.paid_and("over"), "paid"),
    "paid twice": (lambda shop: shop.paid_and("twice", seconds=9), "paid"),
    "a cart edited twice": (Shop.carts, "paid"),
    "paid by the page of the former cart": (Shop.old_page, "paid"),
    "paid in part by the page of the former cart": (Shop.old_page_in_part, "waiting"),
    "expired, then a new one is open": (Shop.anew, "waiting"),
    "expired, then a new one is paid": (Shop.paid_anew, "paid"),
    "late money on the old one while a new one is open": (Shop.late, "paid"),
    "the same, and all goes back": (Shop.late_and_refunded, "refunded"),
    "a late part on the old one while a new one is open": (lambda shop: shop.late("20.00"), "on hold"),
    "the same, written off": (Shop.late_part_written_off, "waiting"),
    "both paid, and one of them goes back": (Shop.both, "paid"),
    "refunded half, withdrawn, then all, taken back, again": (Shop.refunds, "refunded"),
    "undone after completion": (lambda shop: shop.paid_and("reorged", seconds=20), "on hold"),
}


def test_a_test_of_the_endpoint_changes_nothing(api: Api, sandbox: Sandbox) -> None:
    Shop(api, sandbox).checkout()
    endpoint = api.post("webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"}).answer["id"]
    api.post(f"webhook-endpoints/{endpoint}/test")
    told, order = api.get("events?limit=100").answer, Order()
    assert [event["type"] for event in told] == ["checkout.created", "endpoint.test"]
    for event in told:
        order.take(event)
    assert (order.state, len(order.sessions)) == ("waiting", 1)


@pytest.mark.parametrize("name", HISTORIES)
def test_it_ends_in_the_pages_state_however_events_arrive(api: Api, sandbox: Sandbox, name: str) -> None:
    play, expected = HISTORIES[name]
    shop = Shop(api, sandbox)
    play(shop)
    shop.reached(expected)
    events = shop.events
    assert len(events) >= 2
    newest = {event["subject"]: event for event in events}
    assert [left(event, when=newest[event["subject"]]) for event in events] == events

    @settings(
        max_examples=25 * len(shop.stations), deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.data(), st.sampled_from(shop.stations))
    def arrive(data: st.DataObject, station: tuple[str, int]) -> None:
        state, count = station
        told, order = [left(event, when=event) for event in events[:count]], Order()
        late = [left(event, when=later) for event, later in combinations(events[:count], 2) if same(event, later)]
        again = data.draw(st.lists(st.sampled_from([*told, *late]), max_size=6))
        for event in [*again, *data.draw(st.permutations(told)), *again]:
            order.take(event)
        assert order.state == state

    arrive()
    states = set(re.findall(r"^\| .*? \| ([a-z ]+)[:;]? ?.*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert any(state.strip().startswith(expected) for state in states), states

"""A plugin's order ends in the state of docs/write-a-plugin.md, in whatever order, and however often, events arrive."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples.plugin.orders import Order
from sessions_app.models import CheckoutSession
from tests.cast import Api, terms
from tests.sandbox import Sandbox
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).parents[2] / "docs/write-a-plugin.md"


class Shop:
    """What a buyer and a shop do about one order."""

    def __init__(self, api: Api, sandbox: Sandbox) -> None:
        self.api, self.sandbox = api, sandbox

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
    "undone after completion": (lambda shop: shop.paid_and("reorged", seconds=20), "on hold"),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_it_ends_in_the_pages_state_however_events_arrive(api: Api, sandbox: Sandbox, name: str) -> None:
    play, expected = HISTORIES[name]
    play(Shop(api, sandbox))
    events = [each for each in api.get("events?limit=100").answer if each["data"].get("reference") == "order-1"]
    assert len(events) >= 2

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(events), max_size=6), st.permutations(events))
    def arrive(again: list[Any], in_any_order: list[Any]) -> None:
        order = Order()
        for event in [*again, *in_any_order, *again]:
            order.take(event)
        assert order.state == expected

    arrive()
    states = set(re.findall(r"^\| .*? \| ([a-z ]+)[:;]? ?.*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert any(state.strip().startswith(expected) for state in states), states

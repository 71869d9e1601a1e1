"""A shop and its buyers: orders are created with keys, and again after no answer; paid, refunded, left and cancelled.

Whoever gets no answer, or a 5xx, asks again with the same key; an order is over when its fate is fulfilled.
"""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from threading import Event, Lock
from typing import Any

import httpx
import psycopg

from bench.whole.system import System
from tests.anvil import Anvil, call_data

TERMS = {
    "amount": 49, "currency": "USD", "successUrl": "https://shop.example/thanks",
    "cancelUrl": "https://shop.example/cart", "name": "Pat Payer", "productId": "box-1",
    "productName": "Winter box", "productDescription": "", "allowedAssets": [],
}  # fmt: skip
# What becomes of orders, and how often.
FATES = {
    "exact on the sandbox": 5, "exact in USDC": 6, "exact in ETH": 4, "short, then the rest": 3, "short, then over": 2,
    "too much, and back": 3, "late": 2, "refunded on the sandbox": 2, "reorged on the sandbox": 1, "cancelled": 2,
    "expired on request": 1, "expired by the clock": 4, "left": 1,
}  # fmt: skip
DECIMALS = {"USDC": 6, "ETH": 18}
PATIENCE_SECONDS = 150.0
_BUYER = "0x" + "b0" * 20


class GaveUp(Exception):
    """No answer that is one came in time."""


@dataclass
class Order:
    """One of them."""

    number: int
    fate: str
    session: dict[str, Any] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)  # that creating it was answered with
    sent: list[tuple[str, str, str, int]] = field(default_factory=list)  # transaction, asset, address, units
    problem: str = ""

    @property
    def key(self) -> str:
        return f"order-{self.number}"


class Shop:
    """Does so many orders, spread over so many seconds."""

    def __init__(self, system: System, node: Anvil, usdc: str, *, key: str, orders: int, seed: int) -> None:
        dice = random.Random(seed)
        fates = dice.choices(list(FATES), list(FATES.values()), k=orders)
        self.orders = [Order(number, fate) for number, fate in enumerate(fates)]
        self.answers: Counter[int] = Counter()  # by status; 0: none
        self._system, self._node, self._usdc = system, node, usdc
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {key}"}, timeout=15, trust_env=False,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=0),
        )  # fmt: skip
        self._turn, self._dice, self._wallet, self._over = count(), dice, Lock(), Event()

    def run(self, seconds: float) -> None:
        """Returns when all are done, or given up."""
        began = time.monotonic()
        with ThreadPoolExecutor(32) as pool:
            for place, order in enumerate(self.orders):
                time.sleep(max(0.0, began + place * seconds / len(self.orders) - time.monotonic()))
                pool.submit(self._do, order)

    def send_again_what_is_lost(self) -> int:
        """As wallets do with what the chain took back."""
        again = 0
        for order in self.orders:
            for place, (tx, asset, address, units) in enumerate(list(order.sent)):
                if self._node.rpc("eth_getTransactionByHash", [tx]) is None:
                    order.sent[place] = (self._send(asset, address, units), asset, address, units)
                    again += 1
        return again

    # --- the API

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", fine: tuple[int, ...] = ()) -> Any:
        """Asks the web processes in turn until one answers. Raises GaveUp; of a 4xx not `fine`, AssertionError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        headers = {"Idempotency-Key": key} if key else {}
        while time.monotonic() < deadline:
            url = self._system.url(f"web-{next(self._turn) % 2 + 1}")
            try:
                answer = self._client.request(method, f"{url}/api/v1/{path}", json=body, headers=headers)
            except httpx.TransportError:
                self.answers[0] += 1
                time.sleep(0.3)
                continue
            self.answers[answer.status_code] += 1
            if answer.status_code < 300 or answer.status_code in fine:
                return answer.json() if answer.content else None
            if answer.status_code == 409 and key and "idempotency_key_in_use" in answer.text:
                time.sleep(0.3)  # the first try is still being answered
                continue
            assert answer.status_code >= 500 or answer.status_code == 429, f"{method} {path}: {answer.text[:300]}"
            time.sleep(0.3)
        raise GaveUp(f"{method} {path}")

    def _do(self, order: Order) -> None:
        try:
            self._create(order)
            self._fulfil(order)
        except Exception as problem:  # noqa: BLE001  (it is told with the verdict)
            order.problem = f"{type(problem).__name__}: {problem}"[:300]

    def _create(self, order: Order) -> None:
        body = TERMS | {"email": f"pat{order.number % 50}@example.com", "metadata": {"order": str(order.number)}}
        if order.number % 2:  # the others rely on their key alone
            body["reference"] = order.key
        for _ in range(2 if order.number % 5 == 0 else 1):  # a shop that forgot that it had an answer
            order.session = self.call("POST", "checkout", body, key=order.key)
            order.ids.add(order.session["id"])

    def _fulfil(self, order: Order) -> None:
        fate, path = order.fate, f"checkout/{order.session['id']}"
        if fate.endswith("on the sandbox"):
            self._play(order)
        elif fate == "cancelled":
            self.call("POST", f"{path}/cancel", key=f"{order.key}-c", fine=(409,))
        elif fate == "expired on request":
            self.call("POST", f"{path}/expire", key=f"{order.key}-e", fine=(409,))
        elif fate == "expired by the clock":
            self._end_soon(order)
        elif fate != "left":
            self._pay_on_chain(order)

    def _play(self, order: Order) -> None:
        scenario = {"refunded": "over", "reorged": "reorged"}.get(order.fate.split()[0], "exact")
        path = f"checkout/{order.session['id']}"
        self.call(
            "POST", f"{path}/simulate", {"scenario": scenario, "asset": "USDC"}, key=f"{order.key}-p", fine=(409,)
        )
        if order.fate.startswith("refunded"):
            self._give_back(order)

    def _pay_on_chain(self, order: Order) -> None:
        asset = "ETH" if order.fate == "exact in ETH" else "USDC"
        path = f"checkout/{order.session['id']}"
        wanted = {"asset": asset, "network": "devchain"}
        shown = self.call("POST", f"{path}/quote", wanted, key=f"{order.key}-q", fine=(409,))
        payment = shown.get("payment")
        if payment is None:
            return  # its time was over before it was asked for: the buyer leaves
        due, to = int(Decimal(payment["amountDue"]).scaleb(DECIMALS[asset])), payment["address"]
        if order.fate == "late":
            self.call("POST", f"{path}/expire", key=f"{order.key}-e", fine=(409,))
        shares = {"short, then the rest": (90, 10), "short, then over": (90,), "too much, and back": (150,)}
        for share in shares.get(order.fate, (100,)):
            units = due * share // 100
            order.sent.append((self._send(asset, to, units), asset, to, units))
            time.sleep(self._dice.uniform(0, 2))
        if order.fate == "short, then over":
            self._end_soon(order)
        if order.fate == "too much, and back":
            self._give_back(order)

    def _give_back(self, order: Order) -> None:
        """The excess, once it is known."""
        path = f"checkout/{order.session['id']}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.call("GET", f"checkout/sessions/{order.session['id']}")["needsDecision"]:
            if time.monotonic() > deadline:
                return  # judged at the end by what stands there
            time.sleep(1)
        wanted = {"amount": "excess", "address": _BUYER}
        refund = self.call("POST", f"{path}/refunds", wanted, key=f"{order.key}-r", fine=(409,))
        if "id" not in refund:
            return
        if refund["network"] == "sandbox":
            self.call("POST", f"refunds/{refund['id']}/simulate", key=f"{order.key}-s", fine=(409,))
        elif call := refund["call"]:
            with self._wallet:
                tx = self._node.post(to=call["to"], data=call["data"], sender=self._node.accounts[9], gas=100_000)
            if order.number % 2:  # of the others nobody tells: they are noticed
                self.call("POST", f"refunds/{refund['id']}/sent", {"txHash": tx}, key=f"{order.key}-t", fine=(409, 400))

    def _send(self, asset: str, to: str, units: int) -> str:
        with self._wallet:
            if asset == "ETH":
                return self._node.post(to=to, value=units, gas=21_000)
            data = call_data("transfer(address,uint256)", to, units)
            return self._node.post(to=self._usdc, data=data, gas=100_000)

    def _end_soon(self, order: Order) -> None:
        """Its hour passes at once."""
        query = (
            "UPDATE sessions_app_checkoutsession SET expires_at = now() + interval '8 seconds' "
            "WHERE public_id = %s AND status = 'open'"
        )
        for _ in range(100):
            try:
                with psycopg.connect(self._system.postgres.url, autocommit=True) as connection:
                    connection.execute(query, [order.session["id"]])
                return
            except psycopg.OperationalError:
                time.sleep(0.5)

"""A shop in one file: sells one thing, sends the buyer to Tallystick, and ships when the webhook says it is paid.

    pip install httpx standardwebhooks
    TALLYSTICK_API_KEY=sk_test_… python shop.py        # then open http://127.0.0.1:3000

Environment: TALLYSTICK_URL (http://127.0.0.1:8000), PORT (3000). The shop makes its own webhook endpoint at start.
"""

import json
import os
import sqlite3
import threading
import uuid
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

PORT = int(os.environ.get("PORT", "3000"))
SHOP = f"http://127.0.0.1:{PORT}"
TALLYSTICK = os.environ.get("TALLYSTICK_URL", "http://127.0.0.1:8000")
api = httpx.Client(
    base_url=f"{TALLYSTICK}/api/v1/", headers={"Authorization": f"Bearer {os.environ['TALLYSTICK_API_KEY']}"}
)

# The shop's books. An order may have several sessions: each has its newest state.
books = sqlite3.connect(os.environ.get("SHOP_BOOKS", ":memory:"), check_same_thread=False)
books.executescript("""
    create table if not exists orders (id text primary key);
    create table if not exists sessions (id text primary key, order_id text, state text, sequence integer);
""")
book_lock = threading.Lock()

# Of an order's sessions the one counts whose state stands first here (docs/write-a-plugin.md).
STATES = ("paid", "partly refunded", "being paid", "on hold", "waiting", "refunded", "cancelled")


def write(sql: str, *values: str | int) -> None:
    """Changes the books."""
    with book_lock, books:
        books.execute(sql, values)


def state_of(order: str) -> str:
    """What the shop knows of an order."""
    with book_lock:
        known = books.execute("select 1 from orders where id = ?", (order,)).fetchone()
        states = [state for (state,) in books.execute("select state from sessions where order_id = ?", (order,))]
    return min(states, key=STATES.index, default="waiting") if known else "unknown"


def buy() -> str:
    """A new order and its checkout session. Returns where to send the buyer."""
    order = f"order-{uuid.uuid4().hex[:8]}"
    write("insert into orders values (?)", order)
    answer = api.post(
        "checkout",
        json={
            "amount": 49,
            "currency": "USD",
            "successUrl": f"{SHOP}/thanks/{order}",
            "cancelUrl": f"{SHOP}/",
            "email": "pat@example.com",
            "name": "Pat Doe",
            "metadata": {"orderId": order},
            "productId": "winter-box",
            "productName": "Winter box, 1 kg",
            "productDescription": "Three single origins, roasted on Monday",
            "allowedAssets": [],
            "reference": order,  # sent again after a lost answer, it does not make a second session
        },
    )
    return str(answer.raise_for_status().json()["url"])


def take_webhook(body: bytes, headers: dict[str, str]) -> None:
    """Believes a message only by its signature, and a state only by the session in it."""
    signing.verify(body, headers)
    event = json.loads(body)
    if event["type"] == "endpoint.test":
        return
    session, order = event["data"], event["data"]["reference"]
    # Not what the message told when it was written, which may be long ago, but how the session stands now. And
    # messages may overtake one another: an older state never takes the place of a newer one.
    now, was = session["current"], state_of(order)
    if was == "unknown":
        return  # not an order of this shop
    write(
        "insert into sessions values (?, ?, ?, ?) on conflict (id) do update "
        "set state = excluded.state, sequence = excluded.sequence where excluded.sequence > sessions.sequence",
        session["id"],
        order,
        state_by(now),
        now["sequence"],
    )
    if (state := state_of(order)) != was:
        print(f"{order} is {state}" + (": ship it" if state == "paid" else ""), flush=True)


def state_by(now: dict[str, Any]) -> str:
    """What a session's state means to the shop: the table of docs/write-a-plugin.md."""
    if now["paymentStatus"] == "refunded":
        return "refunded"
    if now["needsDecision"] and (now["status"] != "completed" or now["issue"] == "reversed"):
        return "on hold"  # somebody has to decide, or the money is gone from the chain
    if now["status"] == "completed":
        return "partly refunded" if now["paymentStatus"] == "partially_refunded" else "paid"
    return {"open": "waiting", "processing": "being paid"}.get(now["status"], "cancelled")


class Shop(BaseHTTPRequestHandler):
    """The shop's pages and its webhook."""

    def do_GET(self) -> None:
        """`/` sells, `/thanks/<order>` is where the buyer comes back to."""
        if self.path.startswith("/thanks/"):
            order = self.path.removeprefix("/thanks/").partition("?")[0]
            # The redirect proves nothing: anybody can type it. The books say what the webhook said.
            self.answer(200, f"<h1>Thank you!</h1><p>Your order is <b>{escape(state_of(order))}</b>.</p>")
        else:
            self.answer(200, '<h1>Winter box, 49 USD</h1><form method="post" action="/buy"><button>Buy</button></form>')

    def do_POST(self) -> None:
        """`/buy` and `/webhook`."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/buy":
            self.answer(303, "", Location=buy())
        elif self.path == "/webhook":
            try:
                take_webhook(body, {name.lower(): value for name, value in self.headers.items()})
            except WebhookVerificationError:
                self.answer(400, "wrong signature")
            else:
                self.answer(204, "")
        else:
            self.answer(404, "no such page")

    def answer(self, status: int, html: str, **headers: str) -> None:
        """Sends it."""
        content = html.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def signing_secret() -> str:
    """Of the shop's one endpoint: made at the first start, given a new secret at the next ones (keep yours instead)."""
    url = f"{SHOP}/webhook"
    known = [each["id"] for each in api.get("webhook-endpoints").raise_for_status().json() if each["url"] == url]
    if known:
        answer = api.post(f"webhook-endpoints/{known[0]}/rotate-secret", json={})
    else:
        answer = api.post("webhook-endpoints", json={"url": url})
    return str(answer.raise_for_status().json()["secret"])


if __name__ == "__main__":
    signing = Webhook(signing_secret())
    print(f"The shop is open at {SHOP}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Shop).serve_forever()

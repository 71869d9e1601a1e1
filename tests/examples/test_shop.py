"""`examples/shop/shop.py` sells something: session, hosted page, redirect and signed webhook, all real."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from checkout_project.running import children
from tests.cast import PATS_WALLET, terms
from tests.stack import Stack
from tests.waiting import wait_until

SHOP = Path(__file__).parents[2] / "examples/shop/shop.py"


@pytest.fixture
def shop(stack: Stack) -> Iterator[str]:
    """Where the running shop is."""
    with running(stack, port=children.free_port()) as url:
        yield url


@contextmanager
def running(stack: Stack, *, port: int) -> Iterator[str]:
    """The shop at that port."""
    environment = os.environ | {
        "TALLYSTICK_URL": stack.url,
        "TALLYSTICK_API_KEY": stack.demo["api_key"],
        "PORT": str(port),
    }
    with subprocess.Popen([sys.executable, str(SHOP)], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "open" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def test_a_buyer_pays_and_the_shop_knows_by_webhook(shop: str, stack: Stack) -> None:
    sent = httpx.post(f"{shop}/buy")
    assert sent.status_code == 303
    page = sent.headers["Location"]
    assert httpx.get(page).status_code == 200
    call = f"{stack.url}/api/v1/checkout"
    newest = httpx.get(call, headers=stack.authorization).json()
    session = next(each for each in newest if each["url"] == page)
    thanks = session["successUrl"]
    assert "waiting" in httpx.get(thanks).text  # the redirect alone pays for nothing
    # The cart changes: the order has another session, and the first is cancelled.
    cart = terms(amount=55, reference=session["reference"], onConflict="supersede")
    former, session = session, httpx.post(call, headers=stack.authorization, json=cart).json()
    assert session["supersedes"] == former["id"]
    played = httpx.post(f"{call}/{session['id']}/simulate", headers=stack.authorization, json={"scenario": "exact"})
    assert played.status_code == 200
    wait_until(lambda: "<b>paid</b>" in httpx.get(thanks).text, seconds=30)
    # All of it goes back; then the news that it was paid is sent once more, and misleads nobody.
    address = {"amount": "all", "address": PATS_WALLET}
    refund = httpx.post(f"{call}/{session['id']}/refunds", headers=stack.authorization, json=address).json()
    simulate = f"{stack.url}/api/v1/refunds/{refund['id']}/simulate"
    assert httpx.post(simulate, headers=stack.authorization).status_code == 200
    wait_until(lambda: "<b>refunded</b>" in httpx.get(thanks).text, seconds=30)
    events = f"{stack.url}/api/v1/events"
    told = httpx.get(f"{events}?subject={session['id']}", headers=stack.authorization).json()
    completed = next(each for each in told if each["type"] == "checkout.completed")
    assert httpx.post(f"{events}/{completed['id']}/resend", headers=stack.authorization).json()["resent"] >= 1
    wait_until(lambda: is_delivered(stack, completed["id"], shop), seconds=30)
    assert "<b>refunded</b>" in httpx.get(thanks).text


def is_delivered(stack: Stack, event_id: str, shop: str) -> bool:
    """Whether nothing of it waits to be sent to this shop; others of the same stack may have gone."""
    calls = f"{stack.url}/api/v1/webhook-endpoints"
    found = [
        delivery["status"]
        for endpoint in httpx.get(calls, headers=stack.authorization).json()
        for delivery in httpx.get(f"{calls}/{endpoint['id']}/deliveries", headers=stack.authorization).json()
        if endpoint["url"].startswith(shop) and delivery["eventId"] == event_id
    ]
    return bool(found) and "pending" not in found


def test_the_next_start_takes_the_endpoint_of_the_first(stack: Stack) -> None:
    port = children.free_port()
    for _ in range(2):
        with running(stack, port=port):
            pass
    endpoints = httpx.get(f"{stack.url}/api/v1/webhook-endpoints", headers=stack.authorization).json()
    assert [each["url"] for each in endpoints].count(f"http://127.0.0.1:{port}/webhook") == 1


def test_a_forged_webhook_is_refused(shop: str) -> None:
    headers = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,bm9wZQ=="}
    assert httpx.post(f"{shop}/webhook", content=b"{}", headers=headers).status_code == 400

"""Smallest and largest prices of an option: told on the page and in the API, and never asked of the rest."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import options_for
from tests.cast import Api, terms
from tests.sandbox import Sandbox

LIMITED = """
only_these_networks = true
[sandbox]
name = "Sandbox"
kind = "sandbox"
mode = "test"
block_seconds = 1
confirmations = { small = 1, normal = 1, large = 2 }
assets.ETH = { decimals = 18, minimum = "0.002", maximum = "0.03" }
[sandbox.assets.USDC]
contract = "0x311109736F1766c5227d5b3084865E7EFb6b05Df"
decimals = 6
peg = "USD"
minimum = "10"
maximum = "50"
"""


@pytest.fixture(autouse=True)
def limited(settings: Settings, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "networks.toml").write_text(LIMITED)
    settings.NETWORKS_FILE = str(tmp_path / "networks.toml")
    return iter(())


@pytest.mark.parametrize(("amount", "sentence"), [("9.99", "from 10 USDC upwards"), ("50.01", "up to 50 USDC")])
def test_a_price_outside_is_told_and_refused(api: Api, amount: str, sentence: str) -> None:
    made = api.post("checkout", terms(amount=Decimal(amount))).answer
    session = CheckoutSession.objects.get(public_id=made["id"])
    reasons = {each.option.asset.symbol: each.unavailable for each in options_for(session, timezone.now())}
    assert sentence in reasons["USDC"]
    assert reasons["ETH"] == ""
    refused = api.post(f"checkout/{made['id']}/quote", {"asset": "USDC", "network": "sandbox"})
    assert refused.status_code == 400
    assert sentence in refused.answer["errors"][0]["detail"]
    priced = api.get(f"payment-options?amount={amount}&currency=USD").answer
    assert {each["asset"]: each["available"] for each in priced} == {"USDC": False, "ETH": True}


@pytest.mark.parametrize(("amount", "sentence"), [("4.99", "from 0.002 ETH upwards"), ("75.01", "up to 0.03 ETH")])
def test_a_limit_is_compared_at_the_rate(api: Api, amount: str, sentence: str) -> None:
    """Ether counts 2,500.00 USD on the play chain: 5.00 and 75.00 are still taken."""
    made = api.post("checkout", terms(amount=Decimal(amount))).answer
    session = CheckoutSession.objects.get(public_id=made["id"])
    reasons = {each.option.asset.symbol: each.unavailable for each in options_for(session, timezone.now())}
    assert sentence in reasons["ETH"]
    refused = api.post(f"checkout/{made['id']}/quote", {"asset": "ETH", "network": "sandbox"})
    assert (refused.status_code, sentence in refused.answer["errors"][0]["detail"]) == (400, True)


def test_the_rest_is_taken_however_small(api: Api, sandbox: Sandbox, session: CheckoutSession) -> None:
    assert sandbox.play(session, "short", asset="USDC").payment_status == "partial"
    assert sandbox.play(session, "rest").status == "completed"


def test_a_promised_rate_takes_no_price_outside_either(api: Api) -> None:
    """The cart was changed since: its session keeps the rate of the one before."""
    first = api.post("checkout", terms(reference="cart")).answer
    assert api.post(f"checkout/{first['id']}/quote", {"asset": "USDC", "network": "sandbox"}).status_code == 200
    second = api.post("checkout", terms(reference="cart", amount=51, onConflict="supersede")).answer
    refused = api.post(f"checkout/{second['id']}/quote", {"asset": "USDC", "network": "sandbox"})
    assert (refused.status_code, "up to 50 USDC" in refused.answer["errors"][0]["detail"]) == (400, True)

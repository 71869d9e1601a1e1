"""A session that is to be paid with a token that takes signed transfers, and a facilitator."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from chains_app.calls.facilitator import forget_supported
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.signing.asked import again
from tests.facilitator import NETWORKS, USDC, Facilitator, facilitator

__all__ = ["facilitator"]

SIDECHAIN = NETWORKS.replace("devchain", "sidechain").replace("31337", "31338").replace("Devchain", "Sidechain")
USDT = """
[devchain.assets.USDT]
name = "Tether"
contract = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
decimals = 6
peg = "USD"
eip3009 = { name = "Tether", version = "1" }
"""


@pytest.fixture
def quoted(facilitator: Facilitator, session: CheckoutSession) -> CheckoutSession:
    """49 USDC are due on Devchain."""
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return again(session)


@pytest.fixture
def several(
    quoted: CheckoutSession,
    facilitator: Facilitator,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> CheckoutSession:
    """The same, where USDC on Sidechain and USDT on Devchain could be signed for as well."""
    path = tmp_path / "several.toml"
    path.write_text((NETWORKS + USDT + SIDECHAIN).replace("CONTRACT", USDC), encoding="utf-8")
    monkeypatch.setenv("RPC_URL_SIDECHAIN", "http://127.0.0.1:1")
    settings.NETWORKS_FILE = str(path)
    kinds = [{"x402Version": 2, "scheme": "exact", "network": f"eip155:{number}"} for number in (31337, 31338)]
    facilitator.says["/supported"] = {"kinds": kinds}
    forget_supported()
    return again(quoted)

"""A session that is to be paid with a token that takes signed transfers, and a facilitator."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from chains_app.calls.facilitator import forget_supported
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.signing.asked import again
from tests.facilitator import Facilitator, networks_file


@pytest.fixture
def facilitator(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Facilitator]:
    """Says yes to everything, until a test tells it otherwise."""
    forget_supported()
    # Nobody listens there: what asks the chain whether a contract signed learns nothing.
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:1")
    settings.NETWORKS_FILE = networks_file(tmp_path)
    with Facilitator() as server:
        settings.FACILITATOR_URL = server.url
        yield server
    forget_supported()


@pytest.fixture
def quoted(facilitator: Facilitator, session: CheckoutSession) -> CheckoutSession:
    """49 USDC are due on Devchain."""
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return again(session)

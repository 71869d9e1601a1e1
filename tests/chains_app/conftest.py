"""Fixtures of the chains tests."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from chains_app.networks.networks import Network
from chains_app.sandbox import reader
from common.modes import Mode
from tests.chains_app.play import SANDBOX, Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The play chain stands still unless it is told to tick."""
    clock = Clock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    monkeypatch.setattr(reader, "timezone", SimpleNamespace(now=lambda: clock.now))
    return clock


@pytest.fixture
def live_sandbox() -> Network:
    """The play chain as if it were a live one."""
    return replace(SANDBOX, mode=Mode.LIVE)

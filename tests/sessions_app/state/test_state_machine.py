"""Buyers, chains, clocks, merchants and watchers in any order: what must always hold, holds.

`DEEP=1 pytest tests/sessions_app/state/test_state_machine.py` looks for longer.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from merchants_app.models import Merchant
from tests.sessions_app.state.interleavings import Interleavings

DEEP = bool(os.environ.get("DEEP"))


@pytest.mark.django_db
def test_what_must_hold_holds_in_every_interleaving(mia: Merchant) -> None:
    Interleavings.merchant = mia
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=600 if DEEP else 8,
            stateful_step_count=50 if DEEP else 20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

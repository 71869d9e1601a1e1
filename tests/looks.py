"""`/readyz` as one that looks whenever it is asked."""

import pytest

from checkout_project.facts.installation import facts
from checkout_project.health import looking
from checkout_project.health.looking import Looks


@pytest.fixture
def looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the test's own transaction."""
    monkeypatch.setattr(looking, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr("checkout_project.health.views.LOOKS", Looks(facts, begin=lambda look: look()))

"""What files of the books are made from in tests."""

import csv
import io

import pytest
from django.utils import timezone

from sessions_app.collecting.collecting import play_collection
from sessions_app.models import CheckoutSession
from sessions_app.selling.creation import create_session
from tests.cast import MIAS_WALLET, agreed, merchant, refreshed
from tests.sandbox import sandbox_at

EVIL = "=HYPERLINK(1)"


def rows(text: str, **options: str) -> list[dict[str, str]]:
    """Of a file of CSV."""
    return list(csv.DictReader(io.StringIO(text), **options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def history(once: None) -> CheckoutSession:
    """Two sessions that were paid, both of orders that begin like a formula; the first was collected."""
    with sandbox_at() as sandbox:
        sandbox.look()
        mia = merchant("Mia Coffee", MIAS_WALLET)
        session = create_session(merchant=mia, mode="test", terms=agreed(reference=EVIL, currency="EUR"))
        sandbox.play(session, "exact")
        play_collection(
            merchant=mia,
            mode="test",
            network=sandbox.network,
            assets=sandbox.network.assets,
            by="mia",
            now=timezone.now(),
        )
        sandbox.play(create_session(merchant=mia, mode="test", terms=agreed(reference="-7")), "exact")
        return session


@pytest.fixture
def sold(history: CheckoutSession, db: None) -> CheckoutSession:
    return refreshed(history)

"""A session that is to be paid with a token that takes signed transfers, and a facilitator."""

import pytest
from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.signing.asked import again
from tests.facilitator import Facilitator, facilitator

__all__ = ["facilitator"]


@pytest.fixture
def quoted(facilitator: Facilitator, session: CheckoutSession) -> CheckoutSession:
    """49 USDC are due on Devchain."""
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return again(session)

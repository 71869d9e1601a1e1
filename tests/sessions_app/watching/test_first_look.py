"""The first time that a network is read: nothing that was paid on it since it was offered may be missed."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from tests.cast import refreshed
from tests.chains_app.node_cast import devchain
from tests.journeys.test_odd_payments_on_anvil import FULL, Street


@pytest.mark.django_db
def test_money_that_came_long_before_the_first_look_is_found(new_session: Callable[..., CheckoutSession]) -> None:
    with devchain() as chain:
        session = new_session()
        choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
        street = Street(chain, refreshed(session))
        chain.pay(chain.usdc, street.address, FULL)
        chain.node.rpc("evm_increaseTime", [3600])
        chain.node.mine(400)
        assert street.looked().session.payment_status == "paid"

"""One transaction on two networks: signed without a chain's number, it can be sent again on each, under one hash."""

from dataclasses import replace

import pytest
from django.utils import timezone

from chains_app.networks.networks import network
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from tests.cast import agreed
from tests.strangers.still_chain import StillChain

TWO = ("devchain", "sandbox")


@pytest.fixture
def chains(mia: Merchant) -> tuple[StillChain, StillChain, CheckoutSession]:
    session = create_session(merchant=mia, mode="test", terms=agreed())
    choose_option(session=session, asset="ETH", network="sandbox", now=timezone.now())
    session = CheckoutSession.objects.get(pk=session.pk)
    first, second = (StillChain(network(name), now=timezone.now()) for name in TWO)
    first.pay(session, times="0.25", sender="0x" + "a1" * 20)
    (sent,) = first.shown
    second.shown = [replace(sent, network=TWO[1], block_number=4_990, block_hash=second.block(4_990).hash)]
    return first, second, session


def test_each_is_a_payment_and_stays_where_it_was_seen(chains: tuple[StillChain, StillChain, CheckoutSession]) -> None:
    first, second, session = chains
    for chain in (first, second, first, second):
        chain.read()
    seen = session.payments.order_by("network").values_list("network", "tx_hash", "block_number", "vanished_at")
    (sent,), (again,) = first.shown, second.shown
    assert sent.tx_hash == again.tx_hash
    assert list(seen) == [
        (TWO[0], sent.tx_hash, sent.block_number, None),
        (TWO[1], sent.tx_hash, 4_990, None),
    ]

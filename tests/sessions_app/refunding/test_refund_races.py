"""A transfer that two refunds want, a refund that two watchers see, and one that is withdrawn meanwhile: real races."""

from dataclasses import replace
from functools import partial

import pytest
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.reading.reader import Transfer
from chains_app.reading.scanning import Position
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Refund
from sessions_app.refunding.refunds import withdraw_refund
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.watch import Reading, refunds_watched_for, store_refunds
from tests.cast import MIAS_WALLET, OTTOS_WALLET, PATS_WALLET, merchant
from tests.locks.cases_sessions import refund
from tests.locks.stage import SANDBOX, overpaid, transfer_to
from tests.races import race
from tests.sandbox import events_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
READ = Reading(since=3, upto=9, at=Position(9, "0x9"))


@pytest.fixture
def shops(transactional_db: None) -> list[Merchant]:
    """Mia's and Otto's."""
    ScanCursor.objects.create(network="sandbox", block_number=9, block_hash="0x9", refunds_read=3)
    return [merchant("Mia Coffee", MIAS_WALLET), merchant("Otto Bikes", OTTOS_WALLET)]


def sent_for(session: CheckoutSession, number: int) -> Transfer:
    """11.00 USDC to Pat."""
    return replace(transfer_to(session, "11"), recipient=PATS_WALLET, tx_hash=f"0x{number:064x}")


def watch(sent: Transfer) -> None:
    store_refunds(SANDBOX, refunds_watched_for(SANDBOX), [sent], read=READ, now=timezone.now())


def test_one_transfer_settles_one_of_two_refunds_whichever_watcher_comes_first(shops: list[Merchant]) -> None:
    for number in range(ROUNDS):
        refunds = [refund(overpaid(shop)) for shop in shops]
        sent = sent_for(refunds[0].session, number)
        for each in refunds:
            tell_transaction(each, sent.tx_hash, actor="somebody")
        assert race(*[partial(watch, sent)] * 3) == [None] * 3
        after = [Refund.objects.get(pk=each.pk) for each in refunds]
        assert sorted(each.status for each in after) == ["prepared", "seen"]
        assert [kind for each in after for kind in events_of(each.session)].count("refund.seen") == 1
        Refund.objects.filter(status="prepared").update(told_tx="", told_problem="")


def test_a_refund_that_is_withdrawn_while_the_chain_shows_it_is_on_its_way(shops: list[Merchant]) -> None:
    for number in range(ROUNDS):
        made = refund(overpaid(shops[0]))
        sent = sent_for(made.session, 100 + number)
        tell_transaction(made, sent.tx_hash, actor="mia@example.com")
        seen, withdrawn = race(
            partial(watch, sent), lambda r=made: withdraw_refund(r, actor="mia@example.com", now=timezone.now())
        )
        assert seen is None
        assert isinstance(withdrawn, bool)
        after = Refund.objects.get(pk=made.pk)
        assert (after.status, after.withdrawn_at) == ("seen", None)
        kinds = [kind for kind in events_of(made.session) if kind.startswith("refund.")]
        told = ["refund.withdrawn"] if withdrawn else []
        assert kinds == ["refund.created", "refund.prepared", *told, "refund.seen"]

"""Which deposits a network is read for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.watching.watcher import watched_deposits
from tests.locks.stage import SANDBOX, waiting_for_money

pytestmark = pytest.mark.django_db


def test_the_other_modes_deposits_and_those_that_are_over_are_not_watched(mia: Merchant, otto: Merchant) -> None:
    now = timezone.now()
    hers, his, lives, former = [waiting_for_money(each) for each in (mia, otto, mia, mia)]
    CheckoutSession.objects.filter(pk=lives.pk).update(mode="live")
    DepositAddress.objects.filter(session=former).update(watch_until=now - timedelta(days=1))
    DepositAddress.objects.filter(session=his).update(derivation_index=7)
    made = {each.deposit.address for each in (hers, his, lives, former)}
    watched = {address: index for address, index in watched_deposits(SANDBOX, now).items() if address in made}
    assert watched == {hers.deposit.address: None, his.deposit.address: 7}

"""How far back a network is read that was never read before."""

import pytest

from chains_app.models import ScanCursor
from tests.chains_app.play import Clock, look, pay

SOMEBODY = "0x00000000000000000000000000000000000000F1"


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "is_found"), [(590, True), (630, False)])
def test_without_an_offer_the_first_look_goes_ten_minutes_back(clock: Clock, seconds: int, *, is_found: bool) -> None:
    ScanCursor.objects.filter(pk="sandbox").delete()
    clock.reader.head()
    pay(SOMEBODY, 5, at=clock.now)
    for _ in range(seconds // 10):
        clock.tick(10)
        clock.reader.head()
    found = [transfer for _ in range(3) for transfer in look(SOMEBODY).transfers]
    assert [each.amount_units for each in found] == ([5] if is_found else [])

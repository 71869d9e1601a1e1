"""Each rule that writes in a transaction, broken off after every single write: nothing of it is left."""

from collections.abc import Iterator
from itertools import count

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from merchants_app.models import Merchant
from tests.cast import MIAS_WALLET, merchant
from tests.locks.breaking import Act, Boom, Breaker, stored
from tests.locks.cases import CASES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


@pytest.fixture
def others(transactional_db: None) -> Iterator[BaseDatabaseWrapper]:
    """A second connection: it sees what is committed."""
    second = connection.copy()
    yield second
    second.close()


def breaks(act: Act, breaker: Breaker) -> bool:
    """Whether the act was broken off; not when it has no such write and came to its end."""
    try:
        with connection.execute_wrapper(breaker):
            act()
    except Boom:
        return True
    return False


def marked(place: str) -> object:
    why = CASES[place].everybody
    return pytest.param(place, marks=[pytest.mark.moves_everybody(why)] if why else [])


@pytest.mark.parametrize("place", [marked(place) for place in sorted(CASES)])
def test_what_breaks_off_leaves_everything_as_it_was(place: str, mia: Merchant, others: BaseDatabaseWrapper) -> None:
    case = CASES[place]
    act = case.prepare(mia)
    assert not connection.in_atomic_block
    writes = range(case.apart + 1, case.apart + 1 + case.covers) if case.covers else count(case.apart + 1)
    before = stored(others)
    for nth in writes:
        breaker = Breaker(nth, apart=case.apart, others=others, before=before)
        if not breaks(act, breaker):
            assert case.covers is None, f"it has only {nth - 1} writes"
            break
        # Whatever a trigger writes besides is committed with them or not at all.
        assert stored(others, breaker.written).items() <= breaker.before.items(), f"half of it stands after write {nth}"
    assert nth > case.apart + 1 or case.covers == 1, "it wrote nothing"

"""Ada's history, played once for each of these files: Mia, her key and the clock are those of its end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from merchants_app.keys.api_keys import create_key
from merchants_app.models import KeyScope, Merchant
from sessions_app.models import Customer
from tests.cast import MIAS_WALLET, Api, merchant
from tests.sandbox import Sandbox, sandbox_at
from tests.traces import leave_traces


@dataclass(frozen=True)
class History:
    """What stands at its end, and when that is."""

    mia: Merchant
    key: str
    ada: Customer
    end: float


@pytest.fixture(scope="module")
def history(once: None) -> History:
    with sandbox_at() as sandbox:
        sandbox.look()
        mia = merchant("Mia Coffee", MIAS_WALLET)
        key = create_key(merchant=mia, mode="test", name="shop", scopes=list(KeyScope))[1]
        ada = leave_traces(sandbox, Api(key), mia)
        return History(mia, key, ada, time.time())


@pytest.fixture
def mia(history: History, db: None) -> Merchant:
    return Merchant.objects.get(pk=history.mia.pk)


@pytest.fixture
def mia_key(history: History) -> str:
    return history.key


@pytest.fixture
def ada(history: History, db: None) -> Customer:
    return Customer.objects.get(pk=history.ada.pk)


@pytest.fixture
def sandbox(history: History, db: None) -> Iterator[Sandbox]:
    with sandbox_at(history.end) as sandbox:
        yield sandbox

"""A history that the tests of a file only look at is played once, and undone when the last of them is over."""

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from chains_app.sandbox.chain import mine
from merchants_app.keys.api_keys import create_key
from merchants_app.models import KeyScope
from sessions_app.selling.creation import create_session
from tests.cast import MIAS_WALLET, agreed, merchant
from tests.played import Played
from tests.sandbox import sandbox_at


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database for what a file's tests share. Each undoes its own changes alone, and none of them may commit."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def play_once(scenario: str, *, asset: str | None = None, **changes: Any) -> Played:
    """An open session of Mia's over 49.00 USD, with which a buyer did that: for the `played` of a file.

    `changes`: of its terms, named as in the API.
    """
    with sandbox_at() as sandbox:
        mine(timezone.now())
        mia = merchant("Mia Coffee", MIAS_WALLET)
        _, secret = create_key(merchant=mia, mode="test", name="shop", scopes=list(KeyScope))
        session = create_session(merchant=mia, mode="test", terms=agreed(**changes))
        sandbox.play(session, scenario, **{"asset": asset} if asset else {})
        return Played(mia=mia.pk, mia_key=secret, session=session.pk, end=math.ceil(time.time()))

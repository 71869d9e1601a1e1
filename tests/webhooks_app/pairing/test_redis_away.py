"""While Redis is away nothing can be allowed, and the owner is told."""

import pytest
from redis import ConnectionError

from merchants_app.models import AuditEntry
from tests.desk import Desk
from tests.webhooks_app.pairing.test_connecting import ASKED

pytestmark = pytest.mark.django_db


def test_the_owner_is_told_and_nothing_is_allowed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **_options: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr("django.core.cache.cache.set", away)
    answer = desk.post("connect", **ASKED, answer="allow")
    assert answer.status_code == 302
    assert "Redis is away" in desk.read("overview")
    assert not AuditEntry.objects.filter(action="shop.allowed").exists()

"""The queue of decisions and what was decided, narrowed down by what the address says."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide
from sessions_app.status import DecisionKind
from tests.cast import refreshed
from tests.desk import Desk
from tests.sandbox import Sandbox

TOMORROW = f"{timezone.now() + timedelta(days=2):%Y-%m-%d}"
OF_BOTH: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Box", "Chair"]),
    ({"least": "50"}, ["Chair"]),
    ({"most": "49"}, ["Box"]),
    ({"currency": "EUR"}, []),
    ({"asset": "USDC"}, ["Chair"]),
    ({"asset": "ETH", "network": "sandbox"}, ["Box"]),
    ({"issue": "late"}, ["Chair"]),
    ({"customer": "cus_x"}, []),
    ({"since": TOMORROW}, []),
    ({"until": TOMORROW, "q": "chair"}, ["Chair"]),
]
OF_DECIDED: list[tuple[dict[str, Any], list[str]]] = [
    ({"kind": "write_off"}, ["Chair"]),
    ({"actor": "LENA"}, ["Chair"]),
    ({"actor": "mia@example.com", "kind": "write_off"}, []),
    ({"kind": "strange"}, ["Box", "Chair"]),
]


@pytest.fixture
def two(new_session: Callable[..., CheckoutSession], sandbox: Sandbox) -> tuple[CheckoutSession, CheckoutSession]:
    """A box for 49 USD, too much was paid in ETH; then a chair for 50, too little and too late in USDC."""
    box = sandbox.play(new_session(productName="Box", reference="B-7001"), "over", asset="ETH")
    chair = new_session(productName="Chair", amount=Decimal(50))
    return box, sandbox.play(chair, "late_short", asset="USDC")


def listed(desk: Desk, page: str, query: dict[str, Any]) -> list[str]:
    """The products of the rows, by name."""
    answer = desk.get(f"{page}?{urlencode(query)}")
    assert answer.status_code == 200
    if page == "decisions":
        return [session.product_name for session, _ in answer.context["rows"]]
    return sorted(row.session.product_name for row in answer.context["shown"].rows)


def test_the_queue_is_narrowed_down(desk: Desk, two: tuple[CheckoutSession, CheckoutSession]) -> None:
    assert [listed(desk, "decisions", query) for query, _ in OF_BOTH] == [found for _, found in OF_BOTH]
    pat = two[0].customer.public_id
    assert listed(desk, "decisions", {"customer": pat, "issue": "overpaid"}) == ["Box"]
    text = desk.read("decisions?issue=late&most=10")
    assert "Nothing is like that" in text
    assert '<input type="hidden" name="issue" value="late">' in text  # another filter does not leave the kind
    assert "/decisions?issue=overpaid&amp;most=10" in text  # nor another kind the filter


def test_so_is_what_was_decided_and_by_whom_and_how(desk: Desk, two: tuple[CheckoutSession, CheckoutSession]) -> None:
    box, chair = map(refreshed, two)
    decide(session=box, kind=DecisionKind.ACCEPT, actor="mia@example.com")
    decide(session=chair, kind=DecisionKind.WRITE_OFF, actor="lena@example.com")
    rows = OF_BOTH + OF_DECIDED
    assert [listed(desk, "decisions/decided", query) for query, _ in rows] == [found for _, found in rows]
    with patch("sessions_app.reading.decided.LOOKED_THROUGH", 1):
        assert listed(desk, "decisions/decided", {"actor": "mia"}) == []
        page = desk.read("decisions/decided?actor=lena")
        assert ("among the newest 1 decisions" in page, "makes a file of all" in page) == (True, False)
        assert listed(desk, "decisions/decided", {"q": "B-7001"}) == ["Box"]


def test_who_decides_several_comes_back_to_the_list_as_it_was_narrowed(desk: Desk) -> None:
    here = f"/dashboard/{desk.at}/decisions?least=10"
    assert desk.post("decisions/several", kind="accept", next=here)["Location"] == here
    assert desk.post("decisions/several", kind="accept", next="//evil.example")["Location"] == here.partition("?")[0]

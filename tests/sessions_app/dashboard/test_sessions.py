"""The dashboard's pages about sessions: found, explained, ended; strangers and the other mode see nothing."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.status import Status
from tests.cast import refreshed
from tests.desk import Desk
from tests.sandbox import Sandbox
from tests.strangers.world import own

NewSession = Callable[..., CheckoutSession]


def queries_of(desk: Desk, page: str) -> int:
    """How many queries a page takes, when everything that is cached for good is warm."""
    desk.read(page)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        desk.read(page)
    return len(caught)


def test_before_the_first_session_the_overview_says_what_to_do(desk: Desk) -> None:
    text = desk.read("overview")
    assert "Welcome, Mia Coffee" in text
    assert "Make an API key" in text
    for call in ("curl -sS", "import httpx", "await fetch(", "curl_init("):
        assert call in text
    made = desk.post(
        "keys", **dict(re.findall(r'<input type="hidden" name="(name|scopes|once)" value="([^"]+)"', text))
    )
    assert re.search(r"export TALLYSTICK_API_KEY=sk_test_\w+", made.content.decode())


def test_the_overview_has_the_figures(desk: Desk, session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "exact")
    text = desk.read("overview")
    assert ">49.00 <small>USD</small></bdi>" in text
    assert "100 % of the opened pages were paid." in text
    assert ">49.00 USD</bdi> to collect</b>" in text
    assert "Payments are seen and counted" in text


def test_the_list_shows_sessions_newest_first(desk: Desk, new_session: NewSession) -> None:
    for reference in ("first", "second"):
        new_session(reference=reference)
    text = desk.read("sessions")
    assert text.index("second") < text.index("first")


def test_what_is_not_there_is_said(desk: Desk, session: CheckoutSession) -> None:
    assert "Nothing is like that" in desk.read("sessions?q=0x12&status=completed")


def test_older_pages_are_reached_by_a_link(desk: Desk, new_session: NewSession) -> None:
    first = new_session(reference="the-first")
    for _ in range(25):
        new_session()
    answer = desk.get("sessions")
    assert first.public_id not in answer.content.decode()
    older = answer.context["shown"].older
    assert first.public_id in desk.read(f"sessions?{older}")


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "", "1e5", "٣"])
def test_a_broken_page_number_is_harmless(desk: Desk, session: CheckoutSession, before: str) -> None:
    assert desk.get(f"sessions?before={before}").status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_rows(
    desk: Desk, new_session: NewSession, sandbox: Sandbox
) -> None:
    for page in ("sessions", "sessions?q=pat&sort=largest", "payments", "overview", "decisions"):
        sandbox.play(new_session(), "over")
        few = queries_of(desk, page)
        for _ in range(4):
            sandbox.play(new_session(), "over", seconds=1)
        sandbox.wait(5, own(CheckoutSession).latest("id"))
        assert queries_of(desk, page) == few
        assert few <= 22


def test_one_session_explains_its_payment(desk: Desk, session: CheckoutSession, sandbox: Sandbox) -> None:
    session = sandbox.play(session, "short")
    text = desk.read(f"sessions/{session.public_id}")
    for part in (
        "Worth 44.10 USD",
        "Partly paid",
        "Confirmed",
        "checkout.partially_paid",
        "the quote",
        "What happened",
    ):
        assert part in text


def test_a_session_without_payments_is_shown_too(desk: Desk, session: CheckoutSession) -> None:
    assert "Nothing has arrived" in desk.read(f"sessions/{session.public_id}")


def test_what_a_shop_sent_is_shown_as_text(desk: Desk, new_session: NewSession) -> None:
    session = new_session(productName="<script>alert(1)</script>", metadata={"<b>": "<i>"})
    text = desk.read(f"sessions/{session.public_id}")
    assert "<script>alert" not in text
    assert "&lt;i&gt;" in text


@pytest.mark.parametrize("page", ["", "/expire", "/cancel", "/decide"])
def test_a_stranger_and_the_other_mode_find_nothing(
    desk: Desk, ottos_desk: Desk, session: CheckoutSession, page: str
) -> None:
    for other in (ottos_desk, desk.in_("live")):
        answer = (
            other.post(f"sessions/{session.public_id}{page}") if page else other.get(f"sessions/{session.public_id}")
        )
        assert answer.status_code == 404
    assert refreshed(session).status == Status.OPEN


def test_strangers_lists_are_empty(ottos_desk: Desk, session: CheckoutSession) -> None:
    for page in ("sessions", "decisions", "collect", f"sessions?q={session.public_id}", f"sessions?q={session.email}"):
        assert f"/sessions/{session.public_id}" not in ottos_desk.read(page)


@pytest.mark.parametrize(("act", "status"), [("expire", Status.EXPIRED), ("cancel", Status.CANCELLED)])
def test_an_open_session_is_ended_with_the_persons_name(
    desk: Desk, session: CheckoutSession, act: str, status: Status
) -> None:
    answer = desk.post(f"sessions/{session.public_id}/{act}")
    assert answer["Location"] == f"/dashboard/{desk.at}/sessions/{session.public_id}"
    assert refreshed(session).status == status
    assert session.timeline.last().actor == desk.user.email


def test_a_completed_one_cannot_be_cancelled_and_the_page_says_why(
    desk: Desk, session: CheckoutSession, sandbox: Sandbox
) -> None:
    sandbox.play(session, "exact")
    page = f"/dashboard/{desk.at}/sessions/{session.public_id}"
    answer: Any = desk.client.post(f"{page}/cancel", headers={"referer": f"http://testserver{page}"}, follow=True)
    assert answer.redirect_chain == [(f"http://testserver{page}", 302)]
    assert "The session is completed" in answer.content.decode()


@pytest.mark.parametrize("role", ["viewer", "developer"])
def test_who_may_not_act_is_refused_in_live_mode(
    colleague: Callable[..., Desk], session: CheckoutSession, role: str
) -> None:
    CheckoutSession.objects.filter(pk=session.pk).update(mode="live")
    person = colleague(role, "live")
    for act in ("expire", "cancel", "decide"):
        assert person.post(f"sessions/{session.public_id}/{act}").status_code == 403
    assert refreshed(session).status == Status.OPEN


def test_the_overview_opens_while_nothing_was_paid_yet(desk: Desk, session: CheckoutSession) -> None:
    assert '<bdi class="amount">0.00 USD</bdi>' in desk.read("overview")


def test_its_times_are_those_of_the_business(desk: Desk, session: CheckoutSession) -> None:
    Merchant.objects.filter(pk=session.merchant_id).update(time_zone="Pacific/Auckland")
    text = desk.read(f"sessions/{session.public_id}")
    assert " in Auckland (" in text
    assert ">today, " in text

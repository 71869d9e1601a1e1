"""Several decided at once, taken back, looked at again; and who is written to."""

import math
import re
import time
from dataclasses import replace

import pytest
from django.utils import timezone

from chains_app.sandbox.chain import mine
from merchants_app.models import Member, Merchant, WhenToWrite
from sessions_app.models import CheckoutSession, PendingDecision
from sessions_app.selling.creation import create_session
from tests.cast import agreed, refreshed
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, sandbox_at
from tests.sessions_app.dashboard.test_decisions import a_minute_passes, shown
from tests.strangers.world import own


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Too much was paid."""
    return play_once("over", productName="Too much")


@pytest.fixture(scope="module")
def short_later(played: Played) -> Played:
    """And then too little for another one."""
    with sandbox_at(played.end) as sandbox:
        mine(timezone.now())
        mia = Merchant.objects.get(pk=played.mia)
        session = create_session(merchant=mia, mode="test", terms=agreed(productName="Too little"))
        sandbox.play(session, "late_short")
        return replace(played, session=session.pk, end=math.ceil(time.time()))


@pytest.fixture
def two(played: Played, short_later: Played, sandbox: Sandbox) -> tuple[CheckoutSession, CheckoutSession]:
    """One with too much, then one that is short."""
    sandbox.clock.move_to(short_later.end)
    return played.session_again(), short_later.session_again()


def case(session: CheckoutSession) -> str:
    """The value of its box in the list."""
    given = shown(session)
    return f"{session.public_id} {given['issue']} {given['payments']}"


def test_an_answer_is_taken_for_all_that_it_fits_and_the_others_are_named(
    desk: Desk, two: tuple[CheckoutSession, CheckoutSession]
) -> None:
    over, short = two
    page = desk.client.post(
        f"/dashboard/{desk.at}/decisions/several",
        {"kind": "ask_rest", "case": [case(over), case(short)]},
        follow=True,
    ).content.decode()
    assert "Decided: 1." in page
    assert f"{over.public_id}: ask_rest does not answer overpaid" in page
    assert list(own(PendingDecision).values_list("session__public_id", "kind")) == [(short.public_id, "ask_rest")]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose at least one"),
        ({"case": "cs_nobody overpaid pay_1", "kind": "accept"}, "There is no session"),
        ({"case": "cs_nobody", "kind": "accept"}, "choose it again"),
        ({"case": "", "kind": "accept"}, "choose it again"),
        ({"case": "\x00 \x00", "kind": "accept"}, "choose it again"),
        ({"case": "x" * 5000, "kind": "accept"}, "choose it again"),
    ],
)
def test_nonsense_about_several_is_said(desk: Desk, sent: dict[str, str], said: str) -> None:
    answer = desk.client.post(f"/dashboard/{desk.at}/decisions/several", sent, follow=True)
    assert said in answer.content.decode()
    assert answer.status_code == 200


def test_a_decision_leaves_the_queue_and_comes_back_when_it_is_taken_back(
    desk: Desk, two: tuple[CheckoutSession, CheckoutSession]
) -> None:
    over, _ = two
    desk.post(f"sessions/{over.public_id}/decide", kind="accept", **shown(over))
    page = desk.read("decisions")
    assert "Keep the excess:" in page  # in the words of the button
    assert '<span class="badge">1' in page
    assert "24.50 USD too much arrived" not in page

    desk.post("decisions/undo", case=over.public_id, next=f"/dashboard/{desk.at}/decisions")
    assert "24.50 USD too much arrived" in desk.read("decisions")
    a_minute_passes()
    assert refreshed(over).needs_decision


def test_all_that_was_taken_a_moment_ago_is_taken_back_at_once(
    desk: Desk, two: tuple[CheckoutSession, CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.post("decisions/several", kind="write_off", case=[case(each) for each in two])
    page = desk.read("decisions")
    form = page.partition("Undo all 2")[0].rpartition("<form")[2]
    cases = re.findall(r'name="case" value="(\w+)"', form)
    assert set(cases) == {each.public_id for each in two}
    monkeypatch.setattr("sessions_app.dashboard.decisions.SEVERAL", 1)  # the most that are decided at once
    answer = desk.post("decisions/undo", case=cases, next=f"/dashboard/{desk.at}/decisions?issue=late")
    assert answer["Location"] == f"/dashboard/{desk.at}/decisions?issue=late"
    assert not own(PendingDecision).exists()


def test_what_took_effect_cannot_be_taken_back_and_stands_among_the_decided(
    desk: Desk, two: tuple[CheckoutSession, CheckoutSession]
) -> None:
    over, _ = two
    desk.post(f"sessions/{over.public_id}/decide", kind="accept", note="A tip", **shown(over))
    a_minute_passes()
    answer = desk.client.post(f"/dashboard/{desk.at}/decisions/undo", {"case": over.public_id}, follow=True)
    assert "cannot be taken back any more" in answer.content.decode()
    decided = desk.read("decisions/decided")
    assert "Keep the excess" in decided
    assert "“A tip”" in decided
    assert "Too little" not in decided


def test_one_kind_is_shown_alone(desk: Desk, two: tuple[CheckoutSession, CheckoutSession]) -> None:
    page = desk.read("decisions?issue=late")
    assert "Too little" in page
    assert "Too much" not in page
    assert "Paid late 1" in page
    assert "Overpaid 1" in page


@pytest.mark.parametrize(
    ("page", "status", "told"),
    [
        ("decisions?after=nonsense", 404, "There is no such page"),
        ("decisions?before=nonsense", 404, "There is no such page"),
        ("decisions?least=much", 200, "Enter a number."),
        ("decisions/decided?after=-1", 200, "Nothing was decided yet"),
        ("decisions?issue=%00", 400, "That could not be read"),
    ],
)
def test_a_page_that_there_is_not_is_no_error_of_ours(desk: Desk, page: str, status: int, told: str) -> None:
    answer = desk.get(page)
    assert answer.status_code == status
    assert told in answer.content.decode()


def test_the_queue_goes_on_where_the_page_ended(
    desk: Desk, two: tuple[CheckoutSession, CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.dashboard.decisions.SHOWN", 1)
    first = desk.read("decisions")
    assert ("Too much" in first, "Too little" in first) == (True, False)
    onward = first.split("?after=")[1].split('"')[0]
    second = desk.read(f"decisions?after={onward}")
    assert ("Too much" in second, "Too little" in second) == (False, True)
    assert ('rel="next"' in second, 'rel="prev"' in first) == (False, False)
    back = second.split("?before=")[1].split('"')[0]
    again = desk.read(f"decisions?before={back}")
    assert ("Too much" in again, "Too little" in again) == (True, False)
    assert f'href="?after={onward}"' in again

    form = {"kind": "write_off", "case": case(two[1]), "next": f"/dashboard/{desk.at}/decisions?after={onward}"}
    led = desk.client.post(f"/dashboard/{desk.at}/decisions/several", form, follow=True)
    page = led.content.decode()
    assert ("Decided: 1." in page, "Too much" in page, "Nothing to decide" in page) == (True, True, False)


def test_a_member_says_when_to_be_written_to(desk: Desk, ottos_desk: Desk) -> None:
    desk.post("decisions/letters", letters="daily")
    assert Member.objects.get(user=desk.user).decision_letters == WhenToWrite.DAILY
    assert Member.objects.get(user=ottos_desk.user).decision_letters == ""
    assert "Letters: once a day" in desk.read("decisions")
    desk.post("decisions/letters", letters="hourly")
    assert Member.objects.get(user=desk.user).decision_letters == WhenToWrite.DAILY


def test_a_session_that_was_decided_a_moment_ago_says_so_on_its_page(
    desk: Desk, two: tuple[CheckoutSession, CheckoutSession]
) -> None:
    over, _ = two
    desk.post(f"sessions/{over.public_id}/decide", kind="accept", **shown(over))
    page = desk.read(f"sessions/{over.public_id}")
    assert "until then it can be taken back" in page
    assert page.count('name="kind"') == 0


def test_nobody_else_takes_it_back(desk: Desk, ottos_desk: Desk, two: tuple[CheckoutSession, CheckoutSession]) -> None:
    over, _ = two
    desk.post(f"sessions/{over.public_id}/decide", kind="accept", **shown(over))
    answer = ottos_desk.client.post(f"/dashboard/{ottos_desk.at}/decisions/undo", {"case": over.public_id, "next": "/"})
    assert answer.status_code == 302
    assert PendingDecision.objects.get(session=over).takes_effect_at > timezone.now()

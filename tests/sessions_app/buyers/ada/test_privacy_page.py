"""The dashboard's page about one buyer, without JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from sessions_app.models import Customer
from tests.desk import Desk
from tests.sandbox import Sandbox
from tests.traces import EMAIL, NAME


def shown(answer: Any) -> str:
    """The page's text, as one line."""
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_it_shows_what_is_kept_and_hands_it_out(ada: Customer, desk: Desk) -> None:
    page = shown(desk.post("privacy", email=EMAIL.upper(), act="look"))
    assert NAME in page
    assert "<dt>Sessions</dt> <dd> 2 </dd>" in page
    download = desk.post("privacy", email=EMAIL, act="export")
    assert download["Content-Disposition"] == f'attachment; filename="buyer-{ada.public_id}.json"'
    assert download["Cache-Control"] == "no-store"
    assert download.json()["customer"]["name"] == NAME


def test_it_erases_once_that_is_confirmed(ada: Customer, desk: Desk, later: Callable[[int], None]) -> None:
    later(10)
    desk.client.force_login(desk.user)
    assert "Tick this first" in shown(desk.post("privacy", email=EMAIL, act="erase"))
    assert Customer.objects.get(pk=ada.pk).name == NAME
    done = desk.client.post(
        f"/dashboard/{desk.at}/privacy", {"email": EMAIL, "act": "erase", "sure": "on"}, follow=True
    )
    assert f"Erased: {ada.public_id} with 2 sessions." in shown(done)
    assert Customer.objects.get(pk=ada.pk).name == "Erased"
    assert "Nobody has bought" in shown(desk.post("privacy", email=EMAIL, act="look"))


def test_it_says_what_to_wait_for(ada: Customer, desk: Desk) -> None:
    page = shown(desk.post("privacy", email=EMAIL, act="look"))
    assert "is watched for late payments until" in page
    assert 'value="erase"' not in page
    forced = shown(desk.post("privacy", email=EMAIL, act="erase", sure="on"))
    assert "is watched for late payments until" in forced


@pytest.mark.parametrize("act", ["look", "export", "erase"])
def test_strangers_and_the_other_mode_find_nobody(ada: Customer, desk: Desk, ottos_desk: Desk, act: str) -> None:
    for stranger in (ottos_desk, desk.in_("live")):
        page = shown(stranger.post("privacy", email=EMAIL, act=act, sure="on"))
        assert "Nobody has bought" in page
        assert NAME not in page
    assert Customer.objects.get(pk=ada.pk).name == NAME


@pytest.mark.parametrize(
    ("role", "mode", "status"),
    [("support", "live", 200), ("developer", "test", 200), ("developer", "live", 403), ("viewer", "test", 403)],
)
def test_only_who_may_handle_buyers_does(
    ada: Customer, colleague: Callable[..., Desk], role: str, mode: str, status: int
) -> None:
    somebody = colleague(role, mode)
    assert somebody.post("privacy", email=EMAIL, act="export").status_code == status
    page = somebody.read("privacy")
    assert ("Whose data?" in page) == (status == 200)


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("", "This field is required."),
        ("nobody", "Enter a valid email address."),
        ("a@b.example" * 40, "at most 254 characters (it has 440)"),
        ("x@y.example\0", "Null characters are not allowed."),
    ],
)
def test_a_wrong_address_is_told(desk: Desk, email: str, told: str) -> None:
    answer = desk.post("privacy", email=email, act="export")
    assert told in shown(answer)
    assert not answer.has_header("Content-Disposition")


def test_an_erased_buyer_gives_and_gets_nothing_new(
    ada: Customer, desk: Desk, sandbox: Sandbox, later: Callable[[int], None]
) -> None:
    later(10)
    desk.client.force_login(desk.user)
    desk.post("privacy", email=EMAIL, act="erase", sure="on")
    session = ada.sessions.earliest("id")
    written = len(mail.outbox)
    desk.post(f"sessions/{session.public_id}/refund/ask")
    assert len(mail.outbox) == written
    desk.client.post(f"/pay/{session.page_token}/refund", {"address": "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"})
    session.refresh_from_db()
    assert session.refund_address == ""
    for page in (f"sessions/{session.public_id}", f"sessions/{session.public_id}/refund", "sessions"):
        assert NAME not in desk.read(page)

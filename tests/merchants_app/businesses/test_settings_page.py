"""The settings page: looks, links, ways to pay, how deep payments must be; and the log's line of each change."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from chains_app.networks.networks import network
from merchants_app.businesses.money_rules import change_settings
from merchants_app.businesses.ways import NothingLeft, asked_confirmations
from merchants_app.frame.audit_lines import Change, by_day
from merchants_app.models import AuditEntry, Merchant
from tests.desk import Desk
from tests.merchants_app.businesses.test_business_pages import SETTINGS
from tests.pictures import picture
from tests.strangers.world import own

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def on_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live mode has two networks."""
    for name in ("BASE", "POLYGON"):
        monkeypatch.setenv(f"RPC_URL_{name}", "http://127.0.0.1:9")


def sent(ways_of: str, off: set[str] = frozenset(), **more: str) -> dict[str, Any]:  # type: ignore[assignment]
    """The form of a mode as a browser sends it, with these boxes not ticked."""
    networks = [network(name) for name in (["base", "polygon"] if ways_of == "live" else ["sandbox"])]
    numbers = {
        f"{each.id}-{size}": str(getattr(each.confirmations, size))
        for each in networks
        for size in ("small", "normal", "large")
    }
    return (
        SETTINGS
        | numbers
        | more
        | {
            "ways_of": ways_of,
            "networks": [each.id for each in networks if each.id not in off],
            "assets": [f"{a}@{each.id}" for each in networks for a in each.assets if f"{a}@{each.id}" not in off],
        }
    )


def test_what_buyers_read_and_follow_is_kept_as_typed(desk: Desk, mia: Merchant) -> None:
    words = {
        "thanks": "Thank you!\r\n  We roast on Monday.", "terms_url": "https://mia.example/terms",
        "privacy_url": "https://mia.example/privacy", "support_url": "https://mia.example/help?order={reference}",
        "quote_minutes": "20", "grace_minutes": "5", "reporting_currency": "EUR", "time_zone": "Europe/Berlin",
        "walletconnect_project_id": "0123456789abcdef" * 2,
        "decision_letters": "daily", "collect_letters": "at_once", "worth_it_percent": "2.00",
        "receipt_details": " Mia Coffee GmbH \r\n\r\nRöstweg  1, Berlin\r\nDE 123456789",
    }  # fmt: skip
    assert desk.post("settings", **SETTINGS | words).status_code == 302
    mia.refresh_from_db()
    assert {name: str(getattr(mia, name)) for name in words} == words | {
        "thanks": "Thank you! We roast on Monday.",
        "receipt_details": "Mia Coffee GmbH\nRöstweg 1, Berlin\nDE 123456789",
    }


def test_letters_to_buyers_are_switched_off_one_by_one(desk: Desk, mia: Merchant) -> None:
    assert desk.post("settings", **SETTINGS, buyer_letters_off=["refund_sent", "expired"]).status_code == 302
    mia.refresh_from_db()
    assert mia.buyer_letters_off == ["refund_sent", "expired"]
    assert desk.post("settings", **SETTINGS, buyer_letters_off=["invoice"]).status_code == 200
    assert desk.post("settings", **SETTINGS).status_code == 302
    mia.refresh_from_db()
    assert mia.buyer_letters_off == []


def test_a_logo_is_sent_shown_and_taken_away(desk: Desk, mia: Merchant) -> None:
    file = BytesIO(picture("JPEG", size=(900, 900)))
    file.name = "logo.jpg"
    assert desk.post("settings", **SETTINGS, logo=file).status_code == 302
    mia.refresh_from_db()
    assert f"/logos/{mia.logo_digest}.png" in desk.read("settings")
    answer = Client().get(f"/logos/{mia.logo_digest}.png")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert desk.post("settings", **SETTINGS, **{"logo-clear": "on"}).status_code == 302
    assert Client().get(f"/logos/{mia.logo_digest}.png").status_code == 404
    assert Client().get("/logos/nothing.png").status_code == 404


def test_a_picture_that_is_none_is_told_at_its_field_and_nothing_is_saved(desk: Desk, mia: Merchant) -> None:
    file = BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    file.name = "logo.png"
    answer = desk.post("settings", **SETTINGS | {"thanks": "Thanks"}, logo=file)
    assert list(answer.context["form"].errors) == ["logo"]
    assert "An SVG can hold scripts" in answer.content.decode()
    mia.refresh_from_db()
    assert (mia.logo_digest, mia.thanks) == ("", "")


def test_a_larger_body_is_taken_there_and_nowhere_else(desk: Desk) -> None:
    for path, status in ((f"/dashboard/{desk.at}/settings", 200), (f"/dashboard/{desk.at}/keys", 413)):
        file = BytesIO(b"x" * 300_000)
        file.name = "logo.png"
        assert desk.client.post(path, SETTINGS | {"logo": file}).status_code == status


@pytest.mark.usefixtures("on_base")
def test_ways_are_switched_off_in_one_mode_and_stay_as_they_are_in_the_other(desk: Desk, mia: Merchant) -> None:
    live = desk.in_("live")
    assert live.post("settings", **sent("live", {"polygon", "ETH@base"})).status_code == 302
    mia.refresh_from_db()
    assert set(mia.ways_off) == {"polygon", "ETH@base"}
    assert desk.post("settings", **sent("test", {"ETH@sandbox"})).status_code == 302
    mia.refresh_from_db()
    assert set(mia.ways_off) == {"polygon", "ETH@base", "ETH@sandbox"}
    assert desk.post("settings", **SETTINGS).status_code == 302
    mia.refresh_from_db()
    assert len(mia.ways_off) == 3, "a form without the table changes nothing of it"
    assert live.post("settings", **sent("live")).status_code == 302
    mia.refresh_from_db()
    assert mia.ways_off == ["ETH@sandbox"]


def test_something_must_be_left(desk: Desk, mia: Merchant) -> None:
    answer = desk.post("settings", **sent("test", {"sandbox"}))
    assert "Leave at least one asset on one network switched on in test mode." in answer.content.decode()
    with pytest.raises(NothingLeft):
        change_settings(merchant=mia, actor="mia", ways_off=["sandbox"])


@pytest.mark.usefixtures("on_base")
@pytest.mark.parametrize(
    ("number", "value", "sentence"),
    [
        ("base-small", "4", "Base: 5 to 300, as whole numbers."),
        ("base-large", "301", "Base: 20 to 300"),
        ("base-large", "149", "Base: 150 to 300"),
        ("base-normal", "", "Base: 20 to 300"),
        ("base-normal", "2e1", "Base: 20 to 300"),
        ("base-small", "30", "Base: a larger sum needs no fewer than a smaller one."),
    ],
)
def test_confirmations_are_never_fewer_than_the_networks(desk: Desk, number: str, value: str, sentence: str) -> None:
    if "301" in value:
        sentence = "Base: 150 to 300"
    answer = desk.in_("live").post("settings", **sent("live", **{number: value}))
    assert sentence in answer.content.decode()


@pytest.mark.usefixtures("on_base")
def test_more_confirmations_are_kept_by_network(desk: Desk, mia: Merchant) -> None:
    assert desk.in_("live").post("settings", **sent("live", **{"base-small": "10"})).status_code == 302
    mia.refresh_from_db()
    assert mia.confirmations == {"base": [10, 20, 150]}
    assert asked_confirmations(mia.confirmations, network("base")).for_worth(50) == 10  # type: ignore[arg-type]


def test_what_is_written_down_never_makes_a_network_less_safe() -> None:
    found = asked_confirmations({"base": [1, 1, 9999]}, network("base"))
    assert (found.small, found.normal, found.large) == (5, 20, 300)


def test_nobody_but_owners_changes_any_of_it(colleague: Callable[..., Desk], mia: Merchant) -> None:
    for role in ("developer", "support", "viewer"):
        desk = colleague(role)
        assert desk.post("settings", **SETTINGS | {"thanks": "Mine"}).status_code == 403
        page = desk.read("settings")
        assert 'name="thanks"' in page
        assert ">Save<" not in page
    mia.refresh_from_db()
    assert mia.thanks == ""


def test_a_line_says_who_what_from_what_to_what_and_where_from(desk: Desk) -> None:
    path = f"/dashboard/{desk.at}/settings"
    desk.client.post(path, SETTINGS, headers={"User-Agent": FIREFOX}, REMOTE_ADDR="203.0.113.44")
    entry = own(AuditEntry).get(action="settings.changed")
    assert (entry.actor, entry.address) == (desk.user.email, "203.0.113.44")
    [(day, [line])] = by_day([entry])
    assert (day, line.came_from) == ("today", "Firefox on Linux, 203.0.113.44")
    assert Change("time to pay, in minutes", "60", "30") in line.changes
    text = desk.read("audit?q=203.0.113.44")
    assert "<s>60</s>" in text
    assert "Firefox on Linux, 203.0.113.44" in text


def test_what_the_program_does_by_itself_comes_from_nowhere(mia: Merchant) -> None:
    change_settings(merchant=mia, actor="operator op@example.com", thanks="Thanks")
    [(_, [line])] = by_day(own(AuditEntry))
    assert (line.came_from, line.is_operator) == ("", True)

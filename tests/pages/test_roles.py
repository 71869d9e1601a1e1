"""A walk for each role: its menu opens, its work can be done, what is not its own is neither shown nor answered."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from merchants_app.models import ApiKey, Invitation
from sessions_app.models import CheckoutSession, PendingDecision
from tests.desk import Desk
from tests.pages.member import OpenDashboard
from tests.sandbox import Sandbox
from tests.strangers.world import own


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What a role is for, on which page, and the forms of others: page, the button that it would have, its address."""

    at: str
    deed: Callable[[Page], None]
    not_theirs: tuple[tuple[str, str, str], ...] = ()
    mode: str = "test"


def invite(page: Page) -> None:
    page.get_by_label("E-mail").fill("vera@example.com")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("vera@example.com").first).to_be_visible()
    assert Invitation.objects.filter(email="vera@example.com").exists()


def make_a_key(page: Page) -> None:
    page.get_by_role("textbox", name="Name").fill("Till")
    page.get_by_role("button", name="Make key").click()
    expect(page.locator("[data-secret]")).to_be_visible()
    assert ApiKey.objects.get(name="Till").created_by.email == "developer@mia.example"


def keep_the_excess(page: Page) -> None:
    page.get_by_role("button", name="Keep the excess (10470)").click()
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()
    assert own(PendingDecision).get().actor == "support@mia.example"


def take_the_statement(page: Page) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")


WALKS = {
    "owner": Walk(at="team", deed=invite, mode="live"),
    "developer": Walk(
        at="keys",
        deed=make_a_key,
        mode="live",
        not_theirs=(
            ("settings", "Save", "settings"),
            ("team", "Invite", "team"),
            ("treasury", "Change wallet", "treasury"),
            ("links", "Make the link", "links"),
        ),
    ),
    "support": Walk(
        at="decisions",
        deed=keep_the_excess,
        not_theirs=(
            ("keys", "Make key", "keys"),
            ("webhooks", "Add endpoint", "webhooks"),
            ("treasury", "Change wallet", "treasury"),
            ("team", "Invite", "team"),
        ),
    ),
    "viewer": Walk(
        at="books",
        deed=take_the_statement,
        not_theirs=(
            ("decisions", "Keep the excess", "decisions/several"),
            ("collect", "Collect play money", "collect/prepare"),
            ("keys", "Make key", "keys"),
        ),
    ),
}


@pytest.mark.parametrize("role", WALKS)
def test_each_role_walks_through_the_dashboard(
    role: str,
    open_dashboard: OpenDashboard,
    desk: Desk,
    colleague: Callable[..., Desk],
    new_session: Callable[..., CheckoutSession],
    sandbox: Sandbox,
) -> None:
    sandbox.play(new_session(reference="10470"), "over")
    walk = WALKS[role]
    member = desk.in_(walk.mode) if role == "owner" else colleague(role, walk.mode)
    page = open_dashboard(member.give_password(), walk.at)
    menu = page.get_by_role("navigation").locator("ul a").evaluate_all("links => links.map(each => each.href)")
    opened = {path: page.request.get(path).status for path in menu}
    assert len(opened) > 15
    assert set(opened.values()) == {200}, opened
    walk.deed(page)
    for path, button, address in walk.not_theirs:
        expect(open_dashboard(member, path).get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("button", name=button)).to_have_count(0)
        refused = member.post(address)
        assert (refused.status_code, "Your role" in refused.content.decode()) == (403, True), address

"""The page about one buyer's data, by keyboard and for everybody."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from sessions_app.models import Customer
from tests.desk import Desk
from tests.pages.member import OpenDashboard
from tests.pages.test_dashboard_accessible import faults_of
from tests.traces import EMAIL


def test_a_buyer_is_looked_up_and_erased_by_keyboard(
    ada: Customer, later: Callable[[int], None], open_dashboard: OpenDashboard, desk: Desk, tmp_path: Path
) -> None:
    later(10)
    desk.client.force_login(desk.user)
    page = open_dashboard(desk, "privacy")
    assert faults_of(page) == []
    page.get_by_label("The buyer's e-mail address").fill(EMAIL)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Kept about {EMAIL}")).to_be_visible()
    assert faults_of(page) == []
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("I understand that nobody can bring it back").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name=f"Erase {EMAIL}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Erased: {ada.public_id} with 2 sessions.")).to_be_visible()
    assert faults_of(page) == []

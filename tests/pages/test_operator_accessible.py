"""An operator's banner and what a suspension shows: no fault by axe-core, light and dark, wide and on a phone."""

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from merchants_app.businesses.suspension import suspend
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from tests.desk import Desk
from tests.operators import Operator
from tests.pages.test_dashboard_accessible import faults_of
from tests.sandbox import Sandbox

# What templates of Django's own draw: heads of empty columns, the magnifying glass that names the search, wide tables.
DJANGOS = (
    "empty-table-header: <th", 'label-title-only: <input type="text" size="40" name="q"',
    'scrollable-region-focusable: <div class="js-inline-admin-formset',
)  # fmt: skip


def signed_in(page: Page, live_server: LiveServer, operator: Operator) -> Page:
    """The browser has the operator's cookie."""
    cookie = operator.client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    return page


def test_axe_finds_nothing_on_the_admins_pages(
    page: Page, live_server: LiveServer, operator: Operator, mia: Merchant, session: CheckoutSession, sandbox: Sandbox
) -> None:
    signed_in(page, live_server, operator)
    its = f"sessions_app/checkoutsession/{sandbox.play(session, 'exact').pk}"
    pages = [
        "", "doctor/", f"merchants_app/merchant/{mia.pk}/change/", "sessions_app/checkoutsession/", f"{its}/change/",
        f"{its}/buyer/", "sessions_app/payment/", "sessions_app/customer/",
    ]  # fmt: skip
    found = {}
    for path in pages:
        page.goto(f"{live_server.url}/admin/{path}")
        found[path] = [fault for fault in faults_of(page) if not fault.startswith(DJANGOS)]
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_banner_of_a_look_is_on_the_page_and_leads_out(
    page: Page, live_server: LiveServer, operator: Operator, mia: Merchant, session: CheckoutSession
) -> None:
    signed_in(page, live_server, operator)
    page.goto(f"{live_server.url}/admin/merchants_app/merchant/{mia.pk}/change/")
    page.get_by_role("link", name="Look as a member").click()
    page.get_by_label("In the place of:").select_option(index=1)
    page.get_by_label("Reason:").fill("Their question of this morning")
    page.get_by_role("button", name="Look as a member").click()
    expect(page.get_by_text("You look at Mia Coffee in the place of mia@example.com")).to_be_visible()
    assert faults_of(page) == []
    page.goto(f"{live_server.url}/dashboard/{mia.public_id}/test/sessions")
    assert faults_of(page) == []
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You no longer look at Mia Coffee.")).to_be_visible()


def test_what_a_suspension_shows_to_members_and_buyers(
    page: Page, live_server: LiveServer, operator: Operator, mia: Merchant, session: CheckoutSession, desk: Desk
) -> None:
    suspend(merchant=mia, by=operator.user, reason="Complaints of three buyers")
    page.goto(f"{live_server.url}/pay/{session.page_token}")
    expect(page.get_by_role("heading", name="This shop takes no payments at the moment")).to_be_visible()
    assert faults_of(page) == []
    cookie = desk.client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.goto(f"{live_server.url}/dashboard/{desk.at}/overview")
    expect(page.get_by_text("Mia Coffee has been suspended by the operator")).to_be_visible()
    assert faults_of(page) == []

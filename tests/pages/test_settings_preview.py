"""The preview beside the settings: it follows what is typed, and without a script the buttons above it show it."""

from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.desk import Desk
from tests.pages.member import OpenDashboard


def test_the_preview_follows_what_is_typed(open_dashboard: OpenDashboard, desk: Desk) -> None:
    page = open_dashboard(desk, "settings")
    frame = page.frame_locator("iframe[name=preview]")
    expect(frame.get_by_role("heading", level=1)).to_have_text("What do you pay with?")
    page.get_by_label("Name of the business").fill("Mia's Roastery")
    expect(frame.locator("header.order b")).to_have_text("Mia's Roastery")
    page.get_by_label("Words after the payment", exact=True).fill("We roast on Monday.")
    page.get_by_role("button", name="Paid").click()
    expect(frame.locator(".thanks")).to_have_text("We roast on Monday.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Send 0.0")


def test_without_a_script_its_buttons_show_it(browser: Browser, live_server: LiveServer, desk: Desk) -> None:
    page = browser.new_page(java_script_enabled=False)
    cookie = desk.client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.goto(f"{live_server.url}/dashboard/{desk.at}/settings")
    page.get_by_label("Words after the payment", exact=True).fill("We roast on Monday.")
    page.get_by_role("button", name="Paid").click()
    thanks = page.frame_locator("iframe[name=preview]").locator(".thanks")
    expect(thanks).to_have_text("We roast on Monday.")
    page.get_by_text("German", exact=True).click()
    page.get_by_label("Words after the payment, German").fill("Wir rösten am Montag.")
    page.get_by_label("Language of the preview").select_option("de")
    page.get_by_role("button", name="Paid").click()
    expect(thanks).to_have_text("Wir rösten am Montag.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.close()

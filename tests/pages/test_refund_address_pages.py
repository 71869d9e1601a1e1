"""The buyer changes where a refund goes, in a browser without JavaScript; axe-core finds nothing on the way."""

import re

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from sessions_app.letters.at_once import name_address
from sessions_app.models import CheckoutSession
from tests.cast import OTTOS_WALLET, PATS_WALLET, refreshed
from tests.pages.buyer import headline
from tests.pages.test_dashboard_accessible import faults_of
from tests.sandbox import Sandbox


@pytest.fixture
def refund_page(live_server: LiveServer, session: CheckoutSession, sandbox: Sandbox) -> str:
    """Too much came, and Pat left an address."""
    name_address(sandbox.play(session, "over"), PATS_WALLET, now=timezone.now())
    return f"{live_server.url}/pay/{session.page_token}/refund"


def test_the_code_from_the_mailbox_changes_the_address(
    page_without_javascript: Page, refund_page: str, session: CheckoutSession
) -> None:
    page = page_without_javascript
    page.goto(refund_page)
    page.get_by_label("Your address").fill(OTTOS_WALLET)
    page.get_by_role("button", name="Change the address").click()
    headline(page, "Is it you who changes the address?")
    code = re.findall(r"^Code: (\d{6})$", str(mail.outbox[-1].body), re.MULTILINE)[0]
    page.get_by_label("The six digits").fill("000000" if code != "000000" else "000001")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_role("alert")).to_contain_text("4 tries are left")
    page.get_by_label("The six digits").fill(code)
    page.get_by_role("button", name="Change the address").click()
    headline(page, "Where shall your money go back to?")
    expect(page.get_by_role("status")).to_contain_text(OTTOS_WALLET.replace(" ", ""))
    assert refreshed(session).refund_address == OTTOS_WALLET


def test_axe_finds_nothing(page: Page, refund_page: str) -> None:
    page.goto(refund_page)
    assert faults_of(page) == []
    page.get_by_label("Your address").fill(OTTOS_WALLET)
    page.get_by_role("button", name="Change the address").click()
    assert faults_of(page) == []
    page.get_by_label("The six digits").fill("12")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults_of(page) == []

"""The pages on the way in, for everybody: no fault by axe-core, light and dark, wide and on a phone."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from merchants_app.models import Invitation, Member, Merchant, Role, User
from merchants_app.people.invitations import invite
from tests.desk import PASSWORD, Desk, owner_of
from tests.letters import last_link_to
from tests.pages.member import OpenDashboard
from tests.pages.test_dashboard_accessible import faults_of
from tests.strangers.world import own
from tests.webhooks_app.pairing.test_connecting import ASKED

SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]
NORA = "a.very.long.address.of.nora@subdomain.elsewhere.example"


def look(page: Page, name: str) -> list[str]:
    """The page's faults; with SHOTS=folder its pictures are kept there."""
    if folder := os.environ.get("SHOTS"):
        for scheme in SCHEMES:
            for width in (1280, 390):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
    return [f"{name}: {fault}" for fault in faults_of(page)]


@pytest.fixture
def asked(mia: Merchant, transactional_db: None) -> str:
    """Nora is invited; answers the letter's link."""
    invite(merchant=mia, email=NORA, role=Role.DEVELOPER, actor="mia@example.com", by=owner_of(mia))
    return last_link_to(NORA)


def test_axe_finds_nothing_before_sign_in(page: Page, live_server: LiveServer, asked: str, settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    faults = []
    for name, path in {
        "login": "/accounts/login/",
        "signup": "/accounts/signup/",
        "letter": "/accounts/confirm-email/",
        "confirm-wrong": "/accounts/confirm-email/x/",
        "forgotten": "/accounts/password/reset/",
        "forgotten-sent": "/accounts/password/reset/done/",
        "invitation": asked,
        "invitation-forged": "/invitations/x",
        "docs": "/docs/webhooks",
        "docs-call": "/docs/api/create_session",
    }.items():
        page.goto(f"{live_server.url}{path}")
        faults += look(page, name)
    page.goto(f"{live_server.url}{asked}")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Make the account").click()
    faults += look(page, "invitation-wrong")
    settings.OPEN_SIGNUP = False
    page.goto(f"{live_server.url}/accounts/signup/")
    assert faults + look(page, "signup-closed") == []


def test_axe_finds_nothing_after_it(
    page: Page, live_server: LiveServer, asked: str, desk: Desk, open_dashboard: OpenDashboard, settings: Settings
) -> None:
    EmailAddress.objects.create(user=desk.user, email="a.new.address.of.mia@subdomain.mia.example")
    EmailAddress.objects.create(user=desk.user, email="other@mia.example", verified=True)
    ended = invite(
        merchant=own(Merchant).get(), email="late@elsewhere.example", role=Role.VIEWER, actor="m", by=desk.user
    )
    Invitation.objects.filter(pk=ended.pk).update(expires_at=timezone.now() - timedelta(days=1))
    faults = look(open_dashboard(desk, "team"), "team")
    page.get_by_role("button", name="Invite").click()
    for name, path in {
        "address": "/accounts/email/",
        "reauthenticate": "/accounts/reauthenticate/",
        "accept-own-team": asked,
        "connect": f"/connect?{urlencode(ASKED)}",
    }.items():
        page.goto(f"{live_server.url}{path}")
        faults += look(page, name)
    stranger = Desk(User.objects.create_user("new@example.com", PASSWORD))
    settings.OPEN_SIGNUP = True
    open_dashboard(stranger, "overview")
    for name, path in {"accept": asked, "new-business": "/dashboard/new"}.items():
        page.goto(f"{live_server.url}{path}")
        faults += look(page, name)
    assert faults == []


def test_a_newcomer_is_invited_and_joins_with_a_browser(
    page: Page, live_server: LiveServer, desk: Desk, open_dashboard: OpenDashboard, mia: Merchant
) -> None:
    open_dashboard(desk, "team")
    page.get_by_label("E-mail address").fill("nora@elsewhere.example")
    page.get_by_label("Role", exact=True).select_option("Support")
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("nora@elsewhere.example was written to")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{live_server.url}{last_link_to('nora@elsewhere.example')}")
    page.get_by_label("Password", exact=True).fill("a long password")
    page.get_by_label("Password, once more").fill("a long password")
    page.get_by_role("button", name="Make the account and join").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert f"/dashboard/{mia.public_id}/test/overview" in page.url
    assert Member.objects.filter(merchant=mia, user__email="nora@elsewhere.example").exists()

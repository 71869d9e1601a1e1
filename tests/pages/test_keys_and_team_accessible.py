"""The pages of keys and team with everything on them: for all eyes, on a phone too, in the dark too."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from merchants_app.keys.api_keys import create_key
from merchants_app.models import ApiKey, KeyScope, Member, Merchant, Role, User
from tests.desk import Desk
from tests.pages.member import OpenDashboard
from tests.pages.test_dashboard_accessible import faults_of

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "a.developer.with.a.long.address@subdomain.of.mia.example"


@pytest.fixture
def team(mia: Merchant, desk: Desk) -> User:
    """A developer with keys of every kind: narrow, wide, with an end, beyond their role by now, ended, revoked."""
    developer, left = User.objects.create_user(LONG), User.objects.create_user("left@mia.example")
    for user in (developer, left):
        Member.objects.create(merchant=mia, user=user, role=Role.OWNER)
    soon = timezone.now() + timedelta(days=90)
    for name, user, scopes, end in [
        ("Web shop", desk.user, ["read", "write"], None),
        ("Accounting", developer, ["read"], soon),
        ("Odd payments robot", developer, list(KeyScope), None),
        ("Old till", desk.user, ["read", "write"], soon),
        ("Left behind", left, ["read"], None),
        ("Revoked", desk.user, ["read"], None),
    ]:
        create_key(merchant=mia, mode="live", name=name, scopes=scopes, by=user, expires_at=end)
    ApiKey.objects.filter(name="Old till").update(expires_at=timezone.now())
    ApiKey.objects.filter(name="Revoked").update(revoked_at=timezone.now())
    Member.objects.filter(user=left).delete()
    Member.objects.filter(user=developer).update(role=Role.DEVELOPER)
    return developer


def test_keys_and_team_are_for_everybody(open_dashboard: OpenDashboard, desk: Desk, team: User) -> None:
    for path in ("keys", "team"):
        page = open_dashboard(desk.in_("live"), path)
        assert (path, faults_of(page)) == (path, [])


def test_a_member_with_keys_is_not_removed_before_the_choice_is_made(
    open_dashboard: OpenDashboard, desk: Desk, team: User
) -> None:
    page = open_dashboard(desk.give_password(), "team")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Remove {LONG}").click()
    expect(page.get_by_text(LONG).first).to_be_visible()
    assert Member.objects.filter(user=team).exists()
    page.get_by_label(f"What becomes of the API keys of {LONG}").select_option("hand over to me")
    page.get_by_role("button", name=f"Remove {LONG}").click()
    expect(page.get_by_text("They have no access to this business any more.")).to_be_visible()
    assert {key.holder for key in ApiKey.objects.filter(created_by=team)} == {desk.user}

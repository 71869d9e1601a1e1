"""Who may do what at the dashboard: signed out, strangers, each role, the wrong mode."""

from collections.abc import Callable

import pytest
from django.test import Client

from merchants_app.models import Member, Merchant, Role, User
from tests.desk import PASSWORD, Desk, owner_of

# Who gets in where is tried page by page in tests/strangers; here stands what they are told, and how one gets about.


@pytest.mark.parametrize("page", ["keys", "treasury", "team", "settings"])
def test_a_viewer_changes_nothing(colleague: Callable[..., Desk], page: str) -> None:
    answer = colleague("viewer").post(page, name="x")
    assert answer.status_code == 403
    assert "Your role (Viewer) may not" in answer.content.decode()
    assert "Who may: mia@example.com." in answer.content.decode()


def test_a_fault_of_ours_is_told_with_the_number_to_ask_by(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.dashboard.sessions.list_sessions", lambda *_, **__: 1 / 0)
    desk.client.raise_request_exception = False
    answer = desk.get("sessions")
    assert answer.status_code == 500
    assert answer["Request-Id"] in answer.content.decode()


def test_one_who_belongs_to_no_business_is_told_so(db: None) -> None:
    answer = Desk(User.objects.create_user("nobody@example.com", PASSWORD)).get("overview")
    assert answer.status_code == 403
    assert "belongs to no business yet" in answer.content.decode()


def test_an_unknown_mode_is_no_page(desk: Desk) -> None:
    assert desk.in_("other").get("overview").status_code == 404


def test_a_page_that_only_takes_posts_refuses_a_get(desk: Desk) -> None:
    answer = desk.get("treasury/keep")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


def test_the_dashboard_opens_where_it_was_left(desk: Desk) -> None:
    assert desk.client.get("/dashboard")["Location"] == f"/dashboard/{desk.at}/overview"
    desk.client.get(f"/dashboard/{desk.in_('live').at}/sessions")
    assert desk.client.get("/dashboard")["Location"] == f"/dashboard/{desk.in_('live').at}/overview"


def test_one_person_works_for_two_businesses_and_switches(desk: Desk, mia: Merchant, otto: Merchant) -> None:
    Member.objects.create(merchant=otto, user=desk.user, role=Role.VIEWER)
    assert "Mia Coffee" in desk.read("settings")
    answer = desk.client.post("/dashboard/switch", {"merchant": otto.public_id})
    assert answer["Location"] == f"/dashboard/{otto.public_id}/test/overview"
    desk.business = otto.public_id
    assert 'value="Otto Bikes"' in desk.read("settings")
    assert desk.post("settings").status_code == 403


def test_a_tab_keeps_its_business_whatever_another_tab_chose(desk: Desk, mia: Merchant, otto: Merchant) -> None:
    Member.objects.create(merchant=otto, user=desk.user, role=Role.OWNER)
    desk.client.post("/dashboard/switch", {"merchant": otto.public_id})
    desk.client.get(f"/dashboard/{otto.public_id}/test/treasury")
    form = {
        "session_minutes": 60, "watch_days": 7, "tolerance_percent": 1, "tolerance_amount": 1, "quote_minutes": 15,
        "grace_minutes": 2, "reporting_currency": "USD", "time_zone": "UTC", "decision_letters": "daily",
        "collect_letters": "never", "worth_it_percent": 1, "languages": ["en", "de"],
    }  # fmt: skip
    desk.post("settings", name="Mia Tea", spread_percent=0, brand_color="#3d5afe", **form)
    mia.refresh_from_db()
    otto.refresh_from_db()
    assert (mia.name, otto.name) == ("Mia Tea", "Otto Bikes")
    assert desk.client.get("/dashboard")["Location"] == f"/dashboard/{mia.public_id}/test/overview"


def test_one_cannot_switch_to_a_strangers_business(desk: Desk, otto: Merchant) -> None:
    assert desk.client.post("/dashboard/switch", {"merchant": otto.public_id}).status_code == 404


def test_an_older_address_leads_on_to_the_business_last_looked_at(desk: Desk, mia: Merchant) -> None:
    answer = desk.client.get("/dashboard/live/sessions?q=caf%C3%A9")
    assert answer["Location"] == f"/dashboard/{mia.public_id}/live/sessions?q=caf%C3%A9"
    assert desk.client.post("/dashboard/live/treasury/keep").status_code == 405


def test_signing_in_leads_to_the_dashboard(client: Client, mia: Merchant) -> None:
    login = {"login": owner_of(mia).email, "password": PASSWORD}
    answer = client.post("/accounts/login/?next=/dashboard/live/keys", login)
    assert answer["Location"] == "/dashboard/live/keys"


def test_a_wrong_password_is_told_at_the_form(client: Client, mia: Merchant) -> None:
    answer = client.post("/accounts/login/", {"login": owner_of(mia).email, "password": "wrong"})
    assert answer.status_code == 200
    assert "not correct" in answer.content.decode()


@pytest.mark.parametrize("page", ["/accounts/2fa/", "/accounts/password/change/", "/accounts/email/"])
def test_account_pages_have_our_look(desk: Desk, page: str) -> None:
    assert "css/account.css" in desk.client.get(page).content.decode()


def test_nobody_signs_up_unasked(client: Client, db: None) -> None:
    assert "id_password1" not in client.get("/accounts/signup/").content.decode()

"""Django admin, the whole of it: what can be changed there, and where that is written; who may, and who only looks."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory

from merchants_app.businesses.money_rules import CHANGEABLE, amounts_text
from merchants_app.keys.api_keys import create_key
from merchants_app.models import Member, Merchant, Role
from sessions_app.models import CheckoutSession
from tests.cast import find_key, refreshed
from tests.operators import Operator, lines, staff
from tests.pictures import picture
from webhooks_app.models import Delivery, Event, WebhookEndpoint

READ_ONLY = "nothing can be written"
IN_THE_BUSINESS_LOG = "a line `operator …` in the log of the business"
IN_THE_OPERATORS_LOG = "concerns no business: a line in the operators' log (/admin/admin/logentry/)"
ELSEWHERE = "only removed; told by the tests of second factors"

# One row for each model that the admin has. A new one needs its row here, and with it an answer to the question.
ROWS = {
    "account.EmailAddress": READ_ONLY,
    "admin.LogEntry": READ_ONLY,
    "auth.Group": IN_THE_OPERATORS_LOG,
    "chains_app.Provider": READ_ONLY,
    "chains_app.RateSheet": READ_ONLY,
    "chains_app.SandboxBlock": READ_ONLY,
    "chains_app.SandboxTransfer": READ_ONLY,
    "chains_app.ScanCursor": READ_ONLY,
    "chains_app.ScannedBlock": READ_ONLY,
    "chains_app.SetAside": READ_ONLY,
    "merchants_app.ApiKey": READ_ONLY,
    "merchants_app.AuditEntry": READ_ONLY,
    "merchants_app.IdempotencyRecord": READ_ONLY,
    "merchants_app.Installation": READ_ONLY,
    "merchants_app.Invitation": READ_ONLY,
    "merchants_app.LoggedRequest": READ_ONLY,
    "merchants_app.Merchant": IN_THE_BUSINESS_LOG,
    "merchants_app.OperatorVisit": READ_ONLY,
    "merchants_app.Switch": IN_THE_OPERATORS_LOG,
    "merchants_app.Treasury": READ_ONLY,
    "merchants_app.User": IN_THE_BUSINESS_LOG,
    "merchants_app.XpubAccount": READ_ONLY,
    "mfa.Authenticator": ELSEWHERE,
    "sessions_app.AddressChange": READ_ONLY,
    "sessions_app.BookLine": READ_ONLY,
    "sessions_app.CheckoutSession": READ_ONLY,
    "sessions_app.Customer": READ_ONLY,
    "sessions_app.Decision": READ_ONLY,
    "sessions_app.DepositAddress": READ_ONLY,
    "sessions_app.SpareDeposit": READ_ONLY,
    "sessions_app.Letter": READ_ONLY,
    "sessions_app.MoneySearch": READ_ONLY,
    "sessions_app.Payment": READ_ONLY,
    "sessions_app.PaymentLink": READ_ONLY,
    "sessions_app.Quote": READ_ONLY,
    "sessions_app.Refund": READ_ONLY,
    "sessions_app.StatusChange": READ_ONLY,
    "usersessions.UserSession": ELSEWHERE,
    "webhooks_app.Delivery": READ_ONLY,
    "webhooks_app.DeliveryAttempt": READ_ONLY,
    "webhooks_app.Event": READ_ONLY,
    "webhooks_app.WebhookEndpoint": READ_ONLY,
}
# What a button on a list does; each is tried (those of webhooks in test_webhook_admin.py), and leaves a line.
ACTIONS = {
    "auth.Group": {"delete_selected"},
    "chains_app.ScanCursor": {"close", "offer_again", "read_day_again", "read_hour_again"},
    "chains_app.SetAside": {"ask_now"},
    "merchants_app.ApiKey": {"revoke"},
    "sessions_app.CheckoutSession": {"expire", "look_again"},
    "sessions_app.Payment": {"call_gone_by_hand", "confirm_by_hand"},
    "webhooks_app.Delivery": {"send_again"},
    "webhooks_app.Event": {"send_again"},
    "webhooks_app.WebhookEndpoint": {"send_failed_again", "send_since_again"},
}
REGISTERED = sorted(
    (model for model in apps.get_models() if admin.site.is_registered(model)), key=lambda model: model._meta.label
)
OURS = [model for model in REGISTERED if ROWS.get(model._meta.label) != ELSEWHERE]


def a_request(user: object) -> Any:
    """A request of theirs, for asking an admin what they may."""
    request = RequestFactory().get("/admin/")
    request.user = user  # type: ignore[assignment]
    return request


def test_every_model_of_the_admin_has_its_row() -> None:
    assert {model._meta.label for model in REGISTERED} - set(ROWS) == set()


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_what_is_read_only_is_so_for_superusers_too(operator: Operator, model: Any) -> None:
    its_admin, request = admin.site.get_model_admin(model), a_request(operator.user)
    writable = (
        its_admin.has_add_permission(request),
        its_admin.has_change_permission(request),
        its_admin.has_delete_permission(request),
    )
    assert any(writable) == (ROWS[model._meta.label] != READ_ONLY)
    assert its_admin.has_view_permission(request)
    inlines = [inline for inline in its_admin.get_inline_instances(request) if inline.has_change_permission(request)]
    assert {inline.model for inline in inlines} <= {Member}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_action_has_its_row(operator: Operator, model: Any) -> None:
    actions = admin.site.get_model_admin(model).get_actions(a_request(operator.user))
    assert set(actions) == ACTIONS.get(model._meta.label, set())


def settings_of(merchant: Merchant, **changes: str) -> dict[str, Any]:
    """The form of a business as its page sends it back."""
    boxes = {"buyer_letters_off", "languages"}  # where none is ticked, a browser sends nothing
    given = {name: getattr(merchant, name) for name in CHANGEABLE if name not in boxes}
    form: dict[str, Any] = {name: "" if value is None else str(value) for name, value in given.items()}
    form |= {"tolerance_amounts": amounts_text(merchant.tolerance_amounts), "languages": merchant.speaks.languages}
    team = list(merchant.members.order_by("id")) if merchant.pk else []
    form |= {"members-TOTAL_FORMS": str(len(team)), "members-INITIAL_FORMS": str(len(team))}
    for number, member in enumerate(team):
        form |= {f"members-{number}-id": str(member.pk), f"members-{number}-merchant": str(merchant.pk)}
        form |= {f"members-{number}-role": member.role}
    return form | changes


def test_changed_money_rules_are_told_with_before_and_after(operator: Operator, mia: Merchant) -> None:
    form = settings_of(mia, tolerance_percent="9", spread_percent="0.00")
    assert operator.post(f"merchants_app/merchant/{mia.pk}/change/", **form).status_code == 302
    mia.refresh_from_db()
    assert str(mia.tolerance_percent) == "9.00"
    assert lines(mia) == [("settings.changed", {"tolerance_percent": "1.00 → 9"})]


def test_a_changed_role_is_told_with_before_and_after(
    operator: Operator, mia: Merchant, colleague: Callable[..., Any]
) -> None:
    colleague("viewer")
    form = settings_of(mia) | {"members-1-role": "owner"}
    assert operator.post(f"merchants_app/merchant/{mia.pk}/change/", **form).status_code == 302
    assert mia.members.get(user__email="viewer@mia.example").role == Role.OWNER
    ((action, detail),) = lines(mia)
    assert action == "member.role_changed"
    assert (detail["before"], detail["after"]) == ("viewer", "owner")


def test_a_removed_member_is_told(operator: Operator, mia: Merchant, colleague: Callable[..., Any]) -> None:
    colleague("viewer")
    form = settings_of(mia) | {"members-1-DELETE": "on"}
    assert operator.post(f"merchants_app/merchant/{mia.pk}/change/", **form).status_code == 302
    assert not mia.members.filter(user__email="viewer@mia.example").exists()
    assert [action for action, _ in lines(mia)] == ["member.removed"]


@pytest.mark.parametrize("change", [{"members-0-role": "viewer"}, {"members-0-DELETE": "on"}])
def test_the_last_owner_stays_and_the_form_says_why(operator: Operator, mia: Merchant, change: dict[str, str]) -> None:
    answer = operator.post(f"merchants_app/merchant/{mia.pk}/change/", **settings_of(mia, name="Other") | change)
    assert answer.status_code == 200
    assert "Somebody must own the business" in answer.content.decode()
    assert 'value="Other"' in answer.content.decode()  # what was typed is still there …
    mia.refresh_from_db()
    assert (mia.name, mia.members.get().role) == ("Mia Coffee", Role.OWNER)  # … and nothing of it was written
    assert lines(mia) == []


def test_a_wrong_colour_is_refused_as_in_the_dashboard(operator: Operator, mia: Merchant) -> None:
    answer = operator.post(f"merchants_app/merchant/{mia.pk}/change/", **settings_of(mia, brand_color="red"))
    assert "Give a colour as #rrggbb" in answer.content.decode()


def test_a_new_business_is_told_and_its_owner_written_to(
    operator: Operator, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    form = settings_of(Merchant(name="Rosa Bikes")) | {"owner": "rosa@example.com"}
    with django_capture_on_commit_callbacks(execute=True):
        assert operator.post("merchants_app/merchant/add/", **form).status_code == 302
    made = Merchant.objects.get(name="Rosa Bikes")
    assert ("business.opened", {"name": "Rosa Bikes"}) in lines(made)
    (letter,) = mailoutbox
    assert letter.to == ["rosa@example.com"]
    assert "operator op@example.com invites you to Rosa Bikes as Owner" in letter.body


def test_a_new_businesss_logo_is_kept(operator: Operator) -> None:
    file = BytesIO(picture())
    file.name = "logo.png"
    form = settings_of(Merchant(name="Rosa Bikes")) | {"owner": "rosa@example.com", "logo": file}
    assert operator.post("merchants_app/merchant/add/", **form).status_code == 302
    made = Merchant.objects.get(name="Rosa Bikes")
    assert Client().get(f"/logos/{made.logo_digest}.png").status_code == 200


def test_revoked_keys_and_ended_sessions_are_told(operator: Operator, mia: Merchant, session: CheckoutSession) -> None:
    key, secret = create_key(merchant=mia, mode="test", name="shop")
    operator.act("merchants_app/apikey", "revoke", key)
    operator.act("sessions_app/checkoutsession", "expire", session)
    assert find_key(secret) is None
    assert refreshed(session).status == "expired"
    assert lines(mia) == [
        ("api_key.revoked", {"name": "shop"}),
        ("session.expired", {"status": "open → expired"}),
    ]
    assert session.timeline.last().actor == "operator op@example.com"


def test_groups_are_a_superusers_and_told_in_the_operators_log(operator: Operator) -> None:
    operator.post("auth/group/add/", name="Night shift")
    assert Group.objects.filter(name="Night shift").exists()
    assert "Night shift" in operator.read("admin/logentry/")
    assert LogEntry.objects.get().user == operator.user
    operator.act("auth/group", "delete_selected", Group.objects.get(name="Night shift"), post="yes")
    assert not Group.objects.filter(name="Night shift").exists()
    assert LogEntry.objects.count() == 2
    clerk = staff("Support")
    assert clerk.post("auth/group/add/", name="Mine").status_code == 403


def test_staff_without_a_group_see_nothing(mia: Merchant) -> None:
    assert staff().get("merchants_app/merchant/").status_code == 403


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_look_sees_everything_and_changes_nothing(db: None, model: Any) -> None:
    looker = staff("Look")
    path = f"{model._meta.app_label}/{model._meta.model_name}/"
    assert looker.get(path).status_code == 200
    assert looker.get(f"{path}add/").status_code == 403
    assert admin.site.get_model_admin(model).get_actions(a_request(looker.user)) == {}


def test_look_reads_a_business_and_a_person_without_a_button_or_a_hash(mia: Merchant, session: CheckoutSession) -> None:
    looker, person = staff("Look"), mia.members.get().user
    for path in (f"merchant/{mia.pk}", f"user/{person.pk}"):
        text = looker.read(f"merchants_app/{path}/change/")
        assert 'name="_save"' not in text
        assert "/do/" not in text
        assert person.password not in text
        assert looker.post(f"merchants_app/{path}/change/", name="x", email="x@example.com").status_code == 403
    for operation in ("look", "invite", "suspend"):
        assert looker.do(mia, operation, reason="curious").status_code == 403
    looker.act("sessions_app/checkoutsession", "expire", session)
    assert refreshed(session).status == "open"


def test_support_ends_revokes_and_sends_again_and_no_more(
    mia: Merchant, session: CheckoutSession, django_capture_on_commit_callbacks: Any
) -> None:
    helper = staff("Support")
    key, secret = create_key(merchant=mia, mode="test", name="shop")
    endpoint = WebhookEndpoint.objects.create(merchant=mia, mode="test", url="https://shop.example/hook")
    event = Event.objects.get(subject=session.public_id)
    helper.act("merchants_app/apikey", "revoke", key)
    helper.act("sessions_app/checkoutsession", "expire", session)
    helper.act("webhooks_app/event", "send_again", event)
    assert find_key(secret) is None
    assert refreshed(session).status == "expired"
    assert Delivery.objects.filter(endpoint=endpoint, event=event).exists()
    found = lines(mia, actor="operator staff@example.com")
    assert [action for action, _ in found] == ["api_key.revoked", "session.expired", "webhooks.sent_again"]
    assert helper.post(f"merchants_app/merchant/{mia.pk}/change/", **settings_of(mia, name="Mine")).status_code == 403
    assert helper.do(mia, "suspend", reason="because").status_code == 403

"""The admin's lists are narrowed by what they offer, and by nothing that is hidden."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import RequestFactory

from merchants_app.models import Switch
from tests.operators import Operator


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("sessions_app/checkoutsession", "page_token"), ("sessions_app/checkoutsession", "email"),
        ("sessions_app/customer", "name"), ("webhooks_app/event", "data"), ("merchants_app/user", "password"),
        ("webhooks_app/webhookendpoint", "secret_encrypted"), ("usersessions/usersession", "session_key"),
        ("mfa/authenticator", "data"),
    ],
)  # fmt: skip
def test_no_address_of_a_list_spells_what_is_hidden(operator: Operator, model: str, column: str) -> None:
    """`?page_token__startswith=pg_a`, and a letter more each time."""
    assert operator.get(f"{model}/?{column}__startswith=a").status_code == 400


def test_lists_are_narrowed_by_their_filters_alone(operator: Operator) -> None:
    """But for groups and switches, which are few and hide nothing."""
    request = RequestFactory().get("/admin/")
    request.user = operator.user
    narrowed_by = {
        field.name
        for model in set(apps.get_models()) - {Group, Switch}
        if admin.site.is_registered(model)
        for field in model._meta.get_fields()
        if admin.site.get_model_admin(model).lookup_allowed(f"{field.name}__startswith", "a", request)
    }
    assert narrowed_by == {
        "accepted_at", "action_flag", "asset", "basis", "collected_at", "confirmed_at", "content_type", "counts",
        "disabled_at", "done_at", "failing_since", "groups", "is_active", "is_staff", "issue", "kind", "method", "mode",
        "needs_decision", "network", "outcome", "payment_status", "primary", "problem", "revoked_at", "role",
        "settled_at", "state", "status", "status_code", "suspended_at", "to_status", "tx_hash", "type", "vanished_at",
        "verified", "verified_at", "withdrawn_at",
    }  # fmt: skip

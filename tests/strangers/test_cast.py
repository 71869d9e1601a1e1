"""The strangers themselves: one of everything is there, twice, in both modes, nothing like the other."""

from itertools import combinations

import pytest
from allauth.mfa.models import Authenticator
from django.db import models

from merchants_app.models import AuditEntry, Merchant, User
from sessions_app.models import BookSum, CheckoutSession
from tests.strangers.businesses import BUSINESSES
from tests.strangers.decided import NETWORKS
from tests.strangers.kept import NOBODYS, changed_since, fingerprint, our_models
from tests.strangers.world import CAST, EVERYBODYS_CUSTOMER, world
from webhooks_app.models import Delivery


@pytest.mark.django_db
@pytest.mark.parametrize("model", [m for m in our_models() if m.__name__ not in NOBODYS], ids=lambda m: m.__name__)
def test_there_are_two_at_least_of_everything(model: type[models.Model]) -> None:
    assert model._default_manager.count() >= 2


@pytest.mark.django_db
def test_each_business_has_both_modes_and_each_mode_two_networks() -> None:
    assert set(CAST) == {(name, mode) for name in BUSINESSES for mode in ("test", "live")}
    for (_, mode), place in CAST.items():
        sessions = CheckoutSession.objects.filter(merchant=place.merchant, mode=mode)
        assert set(sessions.values_list("payments__network", flat=True)) - {None} == set(NETWORKS[mode])
        assert {(each.status, each.needs_decision) for each in sessions} == {
            ("open", False), ("expired", False), ("completed", False), ("completed", True),
        }  # fmt: skip
        assert set(sessions.values_list("email", flat=True)) == {EVERYBODYS_CUSTOMER, "sam@example.com"}


# What is no setting, or would have them written to, erased or paid otherwise in other tests.
AS_IT_COMES = {
    "keep_buyers_days", "reuse_after_days", "demands_second_factor", "allow_pay_again", "walletconnect_project_id",
    "decision_letters", "collect_letters", "buyer_letters_off", "returns_by_itself", "language", "confirmations",
    "months_closed_to", "suspended_at", "suspended_by", "suspension_reason", "ways_off", "id",
}  # fmt: skip


@pytest.mark.django_db
def test_no_two_settings_have_the_same_value() -> None:
    fields = [field.attname for field in Merchant._meta.concrete_fields if field.attname not in AS_IT_COMES]
    both = Merchant.objects.filter(pk__in=[world(name).merchant.pk for name in ("zoe", "yan")])
    seen = [str(value) for of_one in both.values_list(*fields) for value in of_one]
    assert len(fields) > 20
    assert [value for value in seen if seen.count(value) > 1] == []


@pytest.mark.django_db
def test_nothing_of_theirs_waits_to_be_sent() -> None:
    assert not Delivery.objects.filter(state="pending").exists()


@pytest.mark.django_db
def test_no_number_is_that_of_two_things() -> None:
    numbered = [model for model in our_models() if isinstance(model._meta.pk, models.AutoField)]
    keys = {model: set(model._default_manager.values_list("pk", flat=True)) for model in numbered}
    shared = [(a.__name__, b.__name__) for a, b in combinations(numbered, 2) if keys[a] & keys[b]]
    assert shared == []


@pytest.mark.django_db
@pytest.mark.moves_everybody("to see that it is noticed")
def test_a_change_of_theirs_is_noticed_and_so_is_what_is_new_and_what_is_gone() -> None:
    before = fingerprint()
    assert changed_since(before) == []
    Merchant.objects.filter(pk=world("yan", "live").merchant.pk).update(watch_days=12)
    AuditEntry.objects.create(merchant=world("zoe").merchant, actor="x", action="x")
    Delivery.objects.filter(public_id=world("zoe").ids["delivery"]).delete()
    Authenticator.objects.filter(user=world("zoe").people["removed"]).delete()
    BookSum.objects.filter(merchant=world("zoe").merchant).update(lines=99)
    assert {
        "merchants_app_merchant", "merchants_app_auditentry", "webhooks_app_delivery", "mfa_authenticator",
        "sessions_app_booksum",
    } <= set(changed_since(before))  # fmt: skip


@pytest.mark.django_db
def test_signing_in_is_no_change() -> None:
    before = fingerprint()
    User.objects.filter(pk=world("zoe").people["owner"].pk).update(last_login="2030-01-01T00:00:00Z")
    assert changed_since(before) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_they_come_back_after_a_test_that_committed(time: int) -> None:
    assert CheckoutSession.objects.filter(merchant=world("zoe").merchant, mode="live").count() == 11

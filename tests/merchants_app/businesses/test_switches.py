"""What an operator switches off holds at once for all, is written down with its reason, and strands nobody who pays."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from common.errors import Conflict
from merchants_app.businesses.founding import SignUpClosed, found_business, open_to_all
from merchants_app.businesses.money_rules import change_settings
from merchants_app.businesses.switches import is_on, switch
from merchants_app.businesses.walletconnect import relay_of
from merchants_app.models import Feature, Merchant, Switch, User
from sessions_app.models import CheckoutSession
from sessions_app.selling.payment_links import create_link
from tests.desk import Desk
from tests.operators import Operator, staff

pytestmark = pytest.mark.moves_everybody("a switch is one for all businesses")
LIST = "merchants_app/switch/"
BUYER = {"email": "pat@example.com", "name": "Pat"}


def off(feature: Feature) -> None:
    switch(feature, on=False, by="operator op@example.com", because="Spam.", now=timezone.now())


def on(feature: Feature) -> None:
    switch(feature, on=True, by="operator op@example.com", because="It is over.", now=timezone.now())


def test_an_operator_switches_off_and_on_and_says_why(operator: Operator, settings: Any) -> None:
    settings.OPEN_SIGNUP = True
    assert "New businesses may sign up" in operator.read(LIST)
    assert "Say why." in operator.post(f"{LIST}sign_up/change/", why="").content.decode()
    assert open_to_all()
    assert operator.post(f"{LIST}sign_up/change/", why="Two thousand a minute.").status_code == 302
    row = Switch.objects.get(pk="sign_up")
    assert (row.changed_by, row.because) == ("operator op@example.com", "Two thousand a minute.")
    assert not open_to_all()
    assert "Two thousand a minute." in operator.read("")  # the first page
    assert "It is off already." in operator.post(f"{LIST}sign_up/change/", why="Again.").content.decode()
    assert operator.post(f"{LIST}sign_up/change/", why="Over.", is_on="on").status_code == 302
    assert open_to_all()
    told = LogEntry.objects.filter(object_id="sign_up").order_by("pk").values_list("change_message", flat=True)
    assert list(told) == ["Switched off: Two thousand a minute.", "Switched on: Over."]


def test_what_the_environment_has_off_cannot_be_switched_on(operator: Operator, settings: Any) -> None:
    off(Feature.SIGN_UP)
    settings.OPEN_SIGNUP = False
    operator.read(LIST)
    answer = operator.post(f"{LIST}sign_up/change/", why="Let them in.", is_on="on")
    assert "OPEN_SIGNUP is not set here" in answer.content.decode()
    with pytest.raises(Conflict, match="OPEN_SIGNUP"):
        on(Feature.SIGN_UP)
    assert not is_on(Feature.SIGN_UP)


def test_who_only_looks_sees_switches_and_changes_none(db: None, settings: Any) -> None:
    looking = staff("Look")
    assert "Payment links" in looking.read(LIST)
    assert looking.post(f"{LIST}payment_links/change/", why="For fun.").status_code == 403
    assert is_on(Feature.PAYMENT_LINKS)


def test_while_sign_up_is_off_nobody_founds_a_business(db: None, settings: Any) -> None:
    settings.OPEN_SIGNUP = True
    off(Feature.SIGN_UP)
    user = User.objects.create_user("new@example.org", "correct horse battery")
    with pytest.raises(SignUpClosed):
        found_business(name="New", user=user)
    on(Feature.SIGN_UP)
    assert found_business(name="New", user=user).name == "New"


def test_while_walletconnect_is_off_no_page_asks_for_its_relay(mia: Merchant, desk: Desk) -> None:
    change_settings(merchant=mia, actor="Mia", walletconnect_project_id="0123456789abcdef" * 2)
    mia.refresh_from_db()
    assert relay_of(mia)
    off(Feature.WALLETCONNECT)
    assert relay_of(mia) == ""
    assert "has WalletConnect switched off at the moment" in desk.read("settings")


def test_while_payment_links_are_off_nothing_is_begun_and_what_was_goes_on(mia: Merchant, desk: Desk) -> None:
    terms = {"product_name": "A box", "amount": "5.00", "currency": "USD"}
    link = create_link(merchant=mia, mode="test", terms=terms)
    path, buyer = f"/l/{link.public_id}", Client()
    begun = buyer.post(path, BUYER)["Location"]
    off(Feature.PAYMENT_LINKS)
    assert "Not at the moment" in buyer.get(path).content.decode()
    assert buyer.post(path, BUYER).status_code == 409
    assert CheckoutSession.objects.filter(merchant=mia).count() == 1
    assert buyer.get(begun).status_code == 200
    assert "Choose" in buyer.get(begun).content.decode()
    assert "has payment links switched off" in desk.read("links")
    on(Feature.PAYMENT_LINKS)
    assert "Not at the moment" not in buyer.get(path).content.decode()

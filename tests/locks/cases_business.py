"""Rules of a business that are one: its keys, treasuries, settings, suspension, and the answers that are kept."""

import tempfile
from datetime import timedelta
from pathlib import Path

from django.test import override_settings
from django.utils import timezone

from chains_app.sandbox.chain import mine, send
from checkout_project.restoring import noticing
from checkout_project.running.demo import make_demo
from merchants_app.audit import record
from merchants_app.businesses.money_rules import change_settings
from merchants_app.businesses.suspension import lift_suspension, suspend
from merchants_app.keys.api_keys import create_key, end_key
from merchants_app.keys.expiry_mails import tell_of_ends
from merchants_app.keys.holders import take_over
from merchants_app.models import ApiKey, Installation, Member, Merchant, Role, User
from merchants_app.requests.idempotency import Answer, answer_once
from merchants_app.treasuries.ownership import claim_of, prove_ownership
from merchants_app.treasuries.treasuries import keep_current, set_treasury
from tests.cast import OTTOS_WALLET, PATS_WALLET
from tests.locks.breaking import Act, holds
from tests.merchants_app.people.test_wallet_ownership import signed, treasury_of


def key_of(mia: Merchant) -> ApiKey:
    return create_key(merchant=mia, mode="live", name="Till", expires_at=timezone.now() + timedelta(days=6))[0]


def an_operator() -> User:
    return User.objects.create_superuser("op@example.com", "correct horse battery")


@holds("merchants_app.keys.api_keys.create_key")
def a_new_key(mia: Merchant) -> Act:
    return lambda: create_key(merchant=mia, mode="test", name="shop")


@holds("merchants_app.keys.api_keys.end_key")
def a_key_that_ends(mia: Merchant) -> Act:
    key = key_of(mia)
    return lambda: end_key(key, actor="mia@example.com")


@holds("merchants_app.keys.holders.take_over")
def a_key_that_is_taken_over(mia: Merchant) -> Act:
    key = key_of(mia)
    other = User.objects.create_user("bea@example.com")
    Member.objects.create(merchant=mia, user=other, role=Role.OWNER)
    return lambda: take_over(key=ApiKey.objects.get(pk=key.pk), by=other)


@holds("merchants_app.keys.expiry_mails._tell")
def the_letter_about_a_keys_end(mia: Merchant) -> Act:
    key = key_of(mia)
    ApiKey.objects.filter(pk=key.pk).update(created_at=timezone.now() - timedelta(days=30))
    return lambda: tell_of_ends(timezone.now())


@holds("merchants_app.treasuries.treasuries._set")
def a_changed_treasury(mia: Merchant) -> Act:
    receive_in(mia, OTTOS_WALLET)
    return lambda: receive_in(mia, PATS_WALLET)  # which also takes back the one that waits


@holds("merchants_app.treasuries.treasuries.keep_current")
def a_change_that_is_taken_back(mia: Merchant) -> Act:
    receive_in(mia, OTTOS_WALLET)
    return lambda: keep_current(merchant=mia, mode="live", by="mia@example.com")


def receive_in(mia: Merchant, wallet: str) -> None:
    set_treasury(merchant=mia, mode="live", kind="address", address=wallet, by="mia@example.com")


@holds("merchants_app.treasuries.ownership.prove_ownership")
def a_proven_treasury(mia: Merchant) -> Act:
    treasury = treasury_of(mia)
    signature = signed(claim_of(treasury))
    return lambda: prove_ownership(
        merchant=mia, mode="test", treasury_id=treasury.pk, signature=signature, by="mia@example.com"
    )


@holds("merchants_app.businesses.money_rules.change_settings")
def other_settings(mia: Merchant) -> Act:
    return lambda: change_settings(merchant=mia, actor="mia@example.com", name="Mia Tea", session_minutes=45)


@holds("merchants_app.businesses.suspension.suspend")
def a_suspension(mia: Merchant) -> Act:
    by = an_operator()
    return lambda: suspend(merchant=mia, by=by, reason="It sells what it does not have")


@holds("merchants_app.businesses.suspension.lift_suspension")
def the_end_of_a_suspension(mia: Merchant) -> Act:
    by = an_operator()
    suspend(merchant=mia, by=by, reason="It sells what it does not have")
    return lambda: lift_suspension(merchant=mia, by=by)


@holds("merchants_app.requests.idempotency._try")
def a_deed_and_its_answer(mia: Merchant) -> Act:
    key = key_of(mia)

    def deed() -> Answer:
        record(merchant=mia, actor="a test", action="settings.changed")
        return Answer(200, b"{}")

    return lambda: answer_once(key=key, idempotency_key="order-1", method="POST", path="/x", body=b"", act=deed)


@holds("checkout_project.running.demo.make_demo")
def the_demo(mia: Merchant) -> Act:
    def act() -> None:
        with tempfile.TemporaryDirectory() as folder, override_settings(DATA_DIR=Path(folder)):
            make_demo()

    return act


ALL = "a copy is one for all who are in it"


@holds("checkout_project.restoring.noticing.notice_copies", everybody=ALL)
def a_copy_that_is_noticed(mia: Merchant) -> Act:
    Installation.objects.create(place="1/2", host="pay.example", version="0.1.0", keys=[])
    return noticing.notice_copies


@holds("checkout_project.restoring.noticing.hold", everybody=ALL)
def a_restored_one_that_is_held(mia: Merchant) -> Act:
    Installation.objects.create(place="1/2", host="pay.example", version="0.1.0", keys=[])
    return lambda: noticing.hold("Restored.")


@holds("chains_app.sandbox.chain.mine")
def a_new_block(mia: Merchant) -> Act:
    now = timezone.now()
    mine(now)
    send(recipient=PATS_WALLET, amount_units=7, contract=None, now=now, mined_after=timedelta(0))
    return lambda: mine(now + timedelta(seconds=3))

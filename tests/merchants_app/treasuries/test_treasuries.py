"""The treasury: what is refused, when a change begins, who is told, and indexes that nobody gets twice."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from chains_app.networks.networks import all_networks
from chains_app.receiving.bip32 import payload_of
from chains_app.receiving.deposits import FACTORY_ADDRESS
from merchants_app.models import AuditEntry, Merchant, Treasury
from merchants_app.treasuries import treasuries
from merchants_app.treasuries.treasuries import (
    NothingToWithdraw,
    WrongTreasury,
    keep_current,
    set_treasury,
    take_next_index,
    treasury_for,
    treasury_to_come,
)
from tests.base58 import base58_check
from tests.cast import MIAS_WALLET, OTTOS_WALLET, PATS_WALLET
from tests.chains_app.node_cast import CONTRACTS, devchain
from tests.fake_node import FakeNode

# Account 0 of the words "test test … junk" (m/44'/60'/0'); the private key is BIP-32's test vector 1, m/0'.
XPUB = "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt"
XPRV = "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7"


def change(merchant: Merchant, address: str = PATS_WALLET, mode: str = "live", **more: str) -> Treasury:
    return set_treasury(merchant=merchant, mode=mode, kind="address", address=address, by="mia@example.com", **more)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "starts with 0x"),
        ("0x123", "40 characters"),
        (MIAS_WALLET[:-1] + "F", "checksum"),
        ("0x" + "0" * 40, "zero address"),
        ("0x000000000000000000000000000000000000dEaD", "Nobody owns"),
        ("0x0000000000000000000000000000000000000001", "Nobody owns"),
        (FACTORY_ADDRESS, "Nobody owns"),
        ("nordlicht.eth", "starts with 0x"),
    ],
)
def test_an_address_that_loses_money_is_refused(mia: Merchant, address: str, reason: str) -> None:
    with pytest.raises(WrongTreasury, match=reason) as refusal:
        change(mia, address)
    assert refusal.value.attr == "address"
    assert Treasury.objects.filter(merchant=mia, mode="live").count() == 1


@pytest.mark.parametrize("spelled", [str, str.lower])
def test_the_contract_of_a_listed_token_is_refused_with_its_name(mia: Merchant, spelled: type[str]) -> None:
    usdc = all_networks()["base"].assets["USDC"].contract
    assert usdc
    with pytest.raises(WrongTreasury, match="USDC on Base, not a wallet"):
        change(mia, spelled(usdc))


def test_lower_case_is_stored_with_its_checksum(mia: Merchant) -> None:
    assert change(mia, PATS_WALLET.lower()).address == PATS_WALLET


def test_a_private_key_is_refused_and_never_stored(mia: Merchant) -> None:
    with pytest.raises(WrongTreasury, match="looks like a PRIVATE key") as refusal:
        set_treasury(merchant=mia, mode="test", kind="xpub", xpub=XPRV, by="mia@example.com")
    assert XPRV not in refusal.value.detail
    assert not Treasury.objects.filter(xpub__startswith="xprv").exists()


def test_a_changed_live_treasury_waits_a_day(mia: Merchant) -> None:
    now = timezone.now()
    set_treasury(merchant=mia, mode="live", kind="address", address=PATS_WALLET, by="mia@example.com", now=now)
    assert treasury_to_come(mia, "live", now).address == PATS_WALLET
    for later, in_force in (
        (timedelta(0), MIAS_WALLET),
        (timedelta(hours=24) - timedelta(microseconds=1), MIAS_WALLET),
        (timedelta(hours=24), PATS_WALLET),
    ):
        assert treasury_for(mia, "live", now + later).address == in_force


def test_the_first_one_and_those_of_test_mode_begin_at_once(mia: Merchant) -> None:
    Treasury.objects.filter(merchant=mia, mode="live").update(withdrawn_at=timezone.now())
    for mode in ("live", "test"):
        change(mia, mode=mode)
        assert treasury_for(mia, mode, timezone.now()).address == PATS_WALLET


def test_a_second_change_replaces_the_one_that_waits(mia: Merchant) -> None:
    change(mia, PATS_WALLET)
    change(mia, OTTOS_WALLET)
    later = timezone.now() + timedelta(days=2)
    assert treasury_for(mia, "live", later).address == OTTOS_WALLET


def test_naming_the_present_one_again_takes_the_change_back(mia: Merchant) -> None:
    change(mia, PATS_WALLET)
    change(mia, MIAS_WALLET)
    assert treasury_for(mia, "live", timezone.now() + timedelta(days=2)).address == MIAS_WALLET


@pytest.mark.parametrize("named_instead", [MIAS_WALLET, OTTOS_WALLET])
def test_a_waiting_change_that_another_word_replaces_is_told_as_taken_back(
    mia: Merchant, named_instead: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    change(mia, PATS_WALLET)
    with django_capture_on_commit_callbacks(execute=True):
        change(mia, named_instead)
    entry = AuditEntry.objects.get(action="treasury.withdrawn")
    assert (entry.subject, entry.actor, entry.mode) == (PATS_WALLET, "mia@example.com", "live")
    assert mail.outbox[0].subject == f"Mia Coffee: the change of the receiving wallet to {PATS_WALLET} was taken back"
    assert len(mail.outbox) == (1 if named_instead == MIAS_WALLET else 2)


def test_naming_the_present_one_again_where_nothing_waits_is_told_to_nobody(
    mia: Merchant, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change(mia, MIAS_WALLET)
    assert (mail.outbox, AuditEntry.objects.filter(merchant=mia).count()) == ([], 0)


def test_a_change_can_be_taken_back_once(mia: Merchant) -> None:
    change(mia)
    keep_current(merchant=mia, mode="live", by="mia@example.com")
    assert treasury_for(mia, "live", timezone.now() + timedelta(days=2)).address == MIAS_WALLET
    with pytest.raises(NothingToWithdraw):
        keep_current(merchant=mia, mode="live", by="mia@example.com")


def test_owners_are_written_to_and_the_audit_log_has_it(
    mia: Merchant, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change(mia)
    (letter,) = mail.outbox
    assert letter.to == ["mia@example.com"]
    assert "live payments changes" in letter.subject
    assert PATS_WALLET in letter.body
    entry = AuditEntry.objects.get(action="treasury.set")
    assert (entry.subject, entry.detail["before"], entry.mode) == (PATS_WALLET, MIAS_WALLET, "live")


def test_another_merchants_treasury_stays_as_it_is(mia: Merchant, otto: Merchant) -> None:
    later = timezone.now() + timedelta(days=2)
    change(mia)
    assert treasury_for(otto, "live", later).address == OTTOS_WALLET
    assert treasury_to_come(otto, "live", timezone.now()) is None
    change(otto, MIAS_WALLET)  # what waits for Mia is not taken back by it
    assert (treasury_for(mia, "live", later).address, treasury_for(otto, "live", later).address) == (
        PATS_WALLET,
        MIAS_WALLET,
    )


def test_a_change_of_the_other_mode_takes_nothing_back(mia: Merchant) -> None:
    change(mia, PATS_WALLET)
    change(mia, OTTOS_WALLET, mode="test")
    with pytest.raises(NothingToWithdraw):
        keep_current(merchant=mia, mode="test", by="mia@example.com")
    assert treasury_to_come(mia, "test", timezone.now()) is None
    assert treasury_to_come(mia, "live", timezone.now()).address == PATS_WALLET


def test_indexes_go_up_and_go_on_when_an_xpub_comes_back(mia: Merchant) -> None:
    first = set_treasury(merchant=mia, mode="test", kind="xpub", xpub=XPUB, by="m")
    assert [take_next_index(first) for _ in range(3)] == [0, 1, 2]
    change(mia, mode="test")
    again = set_treasury(merchant=mia, mode="test", kind="xpub", xpub=XPUB, by="m")
    assert again.pk != first.pk
    assert [take_next_index(again), take_next_index(first), take_next_index(again)] == [3, 4, 5]


def test_an_xpub_serves_one_business_in_one_mode(mia: Merchant, otto: Merchant) -> None:
    set_treasury(merchant=mia, mode="test", kind="xpub", xpub=XPUB, by="m")
    for merchant, mode in ((mia, "live"), (otto, "test")):
        with pytest.raises(WrongTreasury, match="in use already"):
            set_treasury(merchant=merchant, mode=mode, kind="xpub", xpub=XPUB, by="m")


def test_an_xpub_that_names_another_parent_is_the_same_account(mia: Merchant, otto: Merchant) -> None:
    payload = payload_of(XPUB)
    renamed = base58_check(payload[:5] + bytes(4) + payload[9:])
    first = set_treasury(merchant=mia, mode="test", kind="xpub", xpub=XPUB, by="m")
    with pytest.raises(WrongTreasury, match="in use already"):
        set_treasury(merchant=otto, mode="test", kind="xpub", xpub=renamed, by="o")
    change(mia, mode="test")
    again = set_treasury(merchant=mia, mode="test", kind="xpub", xpub=renamed, by="m")
    assert [take_next_index(first), take_next_index(again)] == [0, 1]


def test_a_token_that_nobody_listed_is_no_wallet_and_other_contracts_are(mia: Merchant) -> None:
    with devchain() as chain:
        token = chain.node.deploy(CONTRACTS["TestUSDC"])
        with pytest.raises(WrongTreasury, match="token's contract on Devchain"):
            change(mia, token, mode="test")
        assert change(mia, chain.sender, mode="test").address == chain.sender


@pytest.mark.parametrize(("mode", "is_asked"), [("live", True), ("test", False)])
def test_the_networks_of_the_treasurys_mode_are_asked_whether_it_is_a_token(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch, mode: str, is_asked: bool
) -> None:
    with FakeNode() as node:
        for method, said in (("eth_chainId", "0x2105"), ("eth_getCode", "0x6001"), ("eth_call", f"0x{6:064x}")):
            node.answer(method, said)
        monkeypatch.setenv("RPC_URL_BASE", node.url)
        with pytest.raises(WrongTreasury, match="a token's contract on Base") if is_asked else nullcontext():
            change(mia, PATS_WALLET, mode=mode)
        assert bool(node.count("eth_getCode")) == is_asked


def test_a_network_that_does_not_answer_holds_up_no_change(mia: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(treasuries, "NETWORKS_ANSWER_SECONDS", 0.3)
    with FakeNode() as node:
        node.drips = "head"
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        assert change(mia, mode="test").address == PATS_WALLET


def test_of_two_that_begin_at_the_same_instant_the_later_word_holds(mia: Merchant) -> None:
    now = timezone.now()
    for address in (OTTOS_WALLET, PATS_WALLET):
        set_treasury(merchant=mia, mode="test", kind="address", address=address, by="mia@example.com", now=now)
    in_force = treasury_for(mia, "test", now)
    assert in_force is not None
    assert in_force.address == PATS_WALLET

"""A wallet signature proves whose a treasury is: of keys (EIP-191) and of contract wallets (EIP-1271)."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
from django.utils import timezone
from eth_account import Account
from eth_account.messages import encode_defunct

from chains_app.calls.wallet_signatures import is_signed_by, is_signed_by_key, personal_hash
from common.errors import NotFound
from merchants_app.models import AuditEntry, Merchant, Treasury
from merchants_app.treasuries.ownership import NotProven, claim_of, prove_ownership
from tests.anvil import Anvil
from tests.cast import MIAS_WALLET, OTTOS_WALLET
from tests.fake_node import FakeNode

# Anvil's account 8, whose key everybody knows: Mia's wallet.
MIAS_KEY = "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"
ANOTHER_KEY = "0x" + "11" * 32
# Contract wallets of a few bytes: one that answers EIP-1271's yes to everything, one that says no, one that reverts.
SAFE = "0x5AFE000000000000000000000000000000005aFe"
YES = "0x631626ba7e60e01b60005260206000f3"
NO = "0x600060005260206000f3"
REVERTS = "0x60006000fd"


def signed(text: str, key: str = MIAS_KEY) -> str:
    return "0x" + bytes(Account.sign_message(encode_defunct(text=text), key).signature).hex()


@contextmanager
def network_at(network: str, url: str) -> Iterator[None]:
    """The network is enabled, with that node."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"RPC_URL_{network.upper()}", url)
        yield


def treasury_of(merchant: Merchant) -> Treasury:
    return Treasury.objects.select_related("merchant").get(merchant=merchant, mode="test")


def prove(merchant: Merchant, signature: str, treasury: Treasury) -> Treasury:
    return prove_ownership(merchant=merchant, mode="test", treasury_id=treasury.pk, signature=signature, by="mia")


def test_the_hash_is_that_of_the_reference_library() -> None:
    message = "Grüße,\nnordlicht"
    signature = bytes.fromhex(signed(message)[2:])
    assert is_signed_by_key(address=MIAS_WALLET, message=message, signature=signature)
    assert personal_hash("hello").hex() == "50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750"


def test_the_owners_signature_proves_it_and_leaves_one_audit_line(mia: Merchant) -> None:
    treasury = treasury_of(mia)
    for _ in range(2):
        assert prove(mia, signed(claim_of(treasury)), treasury).verified_at
    assert AuditEntry.objects.filter(action="treasury.proven", merchant=mia).count() == 1


def test_of_a_business_with_several_wallets_the_one_that_is_meant_is_proven(mia: Merchant) -> None:
    former = treasury_of(mia)
    newer = Treasury.objects.create(merchant=mia, mode="test", address=MIAS_WALLET, active_from=timezone.now())
    Treasury.objects.filter(pk=former.pk).update(address=OTTOS_WALLET)
    assert prove(mia, signed(claim_of(newer)), newer) == newer
    assert Treasury.objects.get(pk=former.pk).verified_at is None


def test_only_a_wallet_of_the_business_in_this_mode_is_found(mia: Merchant, otto: Merchant) -> None:
    treasury = treasury_of(mia)
    given = {"treasury_id": treasury.pk, "signature": signed(claim_of(treasury)), "by": "somebody"}
    for merchant, mode in ((otto, "test"), (mia, "live")):
        with pytest.raises(NotFound, match="no such treasury"):
            prove_ownership(merchant=merchant, mode=mode, **given)
    Treasury.objects.filter(pk=treasury.pk).update(kind="xpub", xpub="xpub", address="")
    with pytest.raises(NotFound, match="no such treasury"):
        prove_ownership(merchant=mia, mode="test", **given)


@pytest.mark.parametrize("ending", ["00", "01"])
def test_hardware_wallets_that_end_in_0_or_1_are_understood(mia: Merchant, ending: str) -> None:
    treasury = treasury_of(mia)
    whole = signed_with(treasury, {"00": "1b", "01": "1c"}[ending])
    wrong = {"00": "01", "01": "00"}[ending]
    with pytest.raises(NotProven, match="no signature of"):
        prove(mia, whole[:-2] + wrong, treasury)
    assert prove(mia, whole[:-2] + ending, treasury).verified_at


def signed_with(treasury: Treasury, ending: str) -> str:
    """The claim's signature. How it ends hangs on every letter, so the business gets other names until it fits."""
    for number in range(100):
        treasury.merchant.name = f"Mia Coffee {number}"
        treasury.merchant.save()
        if (whole := signed(claim_of(treasury))).endswith(ending):
            return whole
    raise AssertionError("a hundred signatures end alike")


@pytest.mark.parametrize("signature", ["", "0x", "hello", "0x" + "00" * 65, "0x" + "ff" * 65, "0x1234"])
def test_nonsense_proves_nothing(mia: Merchant, signature: str) -> None:
    with pytest.raises(NotProven, match="no signature of") as refusal:
        prove(mia, signature, treasury_of(mia))
    assert refusal.value.attr == "signature"


def test_another_wallets_signature_or_text_proves_nothing(mia: Merchant) -> None:
    treasury = treasury_of(mia)
    for signature in (signed(claim_of(treasury), ANOTHER_KEY), signed(claim_of(treasury) + " ")):
        with pytest.raises(NotProven, match="no signature of"):
            prove(mia, signature, treasury)
    assert treasury_of(mia).verified_at is None


def test_the_claim_names_business_mode_and_address(mia: Merchant) -> None:
    claim = claim_of(treasury_of(mia))
    assert all(part in claim for part in (mia.public_id, "test mode", MIAS_WALLET))


@pytest.mark.parametrize(("code", "approved"), [(YES, True), (NO, False), (REVERTS, False), ("0x", False)])
def test_a_contract_wallet_is_asked_on_the_chain(db: None, code: str, approved: bool) -> None:
    with Anvil() as node, network_at("devchain", node.url):
        node.set_code(SAFE, code)
        assert is_signed_by(address=SAFE, message="mine", signature="0x1234", mode="test") is approved


@pytest.mark.parametrize("mode", ["test", "live"])
def test_a_contract_wallet_is_asked_on_networks_of_its_treasurys_mode(mia: Merchant, mode: str) -> None:
    treasury = Treasury.objects.get(merchant=mia, mode=mode)
    with FakeNode() as node, network_at("base", node.url):  # a live network
        node.answer("eth_chainId", "0x2105")
        node.answer("eth_call", "0x1626ba7e" + "0" * 56)
        given = {"treasury_id": treasury.pk, "signature": "0x1234", "by": "mia"}
        with pytest.raises(NotProven, match="no signature of") if mode == "test" else nullcontext():
            assert prove_ownership(merchant=mia, mode=mode, **given).verified_at
        assert node.count("eth_call") == (0 if mode == "test" else 1)


def test_a_node_that_is_away_proves_nothing(db: None) -> None:
    with network_at("devchain", "http://127.0.0.1:9"):
        assert not is_signed_by(address=SAFE, message="mine", signature="0x1234", mode="test")

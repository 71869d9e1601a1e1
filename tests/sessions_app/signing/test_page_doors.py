"""The page's own way to sign: what the wallet is given, and where its signature goes."""

from typing import Any

import pytest
from django.test import Client

from sessions_app.models import Authorization, CheckoutSession
from tests.facilitator import PAT, TX_HASH, Facilitator, signature_of
from tests.strangers.world import own


@pytest.fixture(autouse=True)
def _limits(fresh_limits: None) -> None:
    """Each test as if nobody had signed anything in this minute."""


def to_sign(session: CheckoutSession, sender: str = PAT.address) -> Any:
    """What the wallet is to sign."""
    return Client().get(f"/pay/{session.page_token}/to-sign", {"sender": sender})


def sign(session: CheckoutSession, **form: str) -> Any:
    """Brings a signature."""
    return Client().post(f"/pay/{session.page_token}/sign", {"sender": PAT.address} | form)


def test_a_wallet_is_given_what_is_due_and_its_signature_is_brought(quoted: CheckoutSession) -> None:
    given = to_sign(quoted, PAT.address.lower()).json()
    message = given["typedData"]["message"]
    assert (message["from"], message["to"], message["value"]) == (PAT.address, quoted.deposit.address, "49000000")
    signature = "0x" + signature_of(given["typedData"]).hex()
    answer = sign(quoted, valid_before=given["validBefore"], signature=signature)
    assert (answer.status_code, answer.json()) == (200, {"transaction": TX_HASH})


def test_a_second_signature_of_the_wallet_is_for_the_same_payment(quoted: CheckoutSession) -> None:
    first, second = (to_sign(quoted).json()["typedData"]["message"] for _ in range(2))
    assert first["nonce"] == second["nonce"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "not_a_payment"),
        ({"signature": "0xzz", "valid_before": "1"}, "not_a_payment"),
        ({"signature": "0x" + "12" * 65, "valid_before": "soon"}, "not_a_payment"),
        ({"signature": "0x" + "12" * 65, "valid_before": "1", "sender": "Pat"}, "not_a_payment"),
        ({"signature": "0x" + "12" * 65, "valid_before": "1"}, "wrong_signature"),
        ({"signature": "0x" + "12" * 65, "valid_before": "9" * 12}, "wrong_signature"),
    ],
)
def test_what_is_no_signature_is_a_sentence(
    quoted: CheckoutSession, facilitator: Facilitator, form: dict[str, str], code: str
) -> None:
    answer = sign(quoted, **form)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert len(answer.json()["detail"]) > 20
    assert facilitator.times("/verify") == 0
    assert not own(Authorization).exists()


def test_a_signature_from_another_page_is_none_here(quoted: CheckoutSession) -> None:
    given = to_sign(quoted).json()
    given["typedData"]["message"]["to"] = PAT.address
    answer = sign(quoted, valid_before=given["validBefore"], signature="0x" + signature_of(given["typedData"]).hex())
    assert answer.json()["code"] == "wrong_signature"


def test_a_form_of_another_site_is_refused(quoted: CheckoutSession) -> None:
    answer = Client().post(f"/pay/{quoted.page_token}/sign", {}, headers={"Origin": "https://other.example"})
    assert answer.status_code == 403


def test_without_a_facilitator_nobody_is_asked_to_sign_and_a_signature_meets_a_sentence(
    quoted: CheckoutSession, facilitator: Facilitator, settings: Any
) -> None:
    page, given = f"/pay/{quoted.page_token}", to_sign(quoted).json()
    assert 'id="sign-instead"' in Client().get(page).content.decode()
    settings.FACILITATOR_URL = ""
    assert 'id="sign-instead"' not in Client().get(page).content.decode()
    signed = {"valid_before": given["validBefore"], "signature": "0x" + signature_of(given["typedData"]).hex()}
    for answer in (to_sign(quoted), sign(quoted, **signed)):
        assert (answer.status_code, answer.json()["code"]) == (409, "not_to_be_signed")
        assert answer.json()["detail"] == "No signed payments are taken here: send it."
    assert facilitator.times("/verify") == 0
    assert not own(Authorization).exists()


def test_whoever_signs_too_often_waits(quoted: CheckoutSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("merchants_app.frame.throttling.SIGNED_PER_MINUTE", 1)
    assert [sign(quoted).status_code for _ in range(3)] == [400, 429, 429]

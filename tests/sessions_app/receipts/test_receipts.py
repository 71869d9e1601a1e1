"""Receipts: signed once, checked by anybody, true for good."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.models import CheckoutSession, Receipt, ReceiptKey
from sessions_app.receipts import issuing
from sessions_app.receipts.content import content_of
from sessions_app.receipts.issuing import begin_missed_receipts, sign_receipts
from sessions_app.receipts.signing import checked
from sessions_app.refunding.asking import ask_for_refund
from sessions_app.refunding.refunds import play_refund
from sessions_app.state.representation import receipt_url
from sessions_app.status import RefundKind
from sessions_app.tasks import catch_up_with_books
from tests.cast import PATS_WALLET, refreshed
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, sandbox_at

NewSession = Callable[..., CheckoutSession]


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Paid in USDC, and its receipt signed."""
    paid = play_once("exact", asset="USDC", reference="10482", productDescription="For Pat Payer")
    with sandbox_at(paid.end):
        sign_receipts(timezone.now())
    return paid


@pytest.fixture
def paid(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


def path_of(session: CheckoutSession, more: str = "") -> str:
    return urlsplit(receipt_url(session)).path + more


def read(client: Client, session: CheckoutSession, more: str = "") -> str:
    answer = client.get(path_of(session, more))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def signed_content(client: Client, session: CheckoutSession) -> dict[str, Any]:
    """What anybody can check who has nothing of ours: the six lines of docs/receipts.md."""
    receipt = client.get(path_of(session, ".json")).json()
    keys = {key["kid"]: key["x"] for key in client.get("/.well-known/jwks.json").json()["keys"]}
    bytes_of = lambda part: base64.urlsafe_b64decode(part + "==")  # noqa: E731
    kid = json.loads(bytes_of(receipt["protected"]))["kid"]
    signed = f"{receipt['protected']}.{receipt['payload']}".encode()
    Ed25519PublicKey.from_public_bytes(bytes_of(keys[kid])).verify(bytes_of(receipt["signature"]), signed)
    return dict(json.loads(bytes_of(receipt["payload"])))


def test_anybody_can_check_it_with_the_published_key(client: Client, paid: CheckoutSession) -> None:
    content = signed_content(client, paid)
    payment = paid.payments.get()
    assert (content["session"], content["livemode"]) == (paid.public_id, False)
    assert content["price"] == content["received"] == {"amount": "49.00", "currency": "USD"}
    [line] = content["payments"]
    assert (line["transaction"], line["to"], line["amount"]) == (payment.tx_hash, paid.deposit.address, "49")
    [token] = re.findall(r"^http://127\.0\.0\.1:8000/receipt/(\w+)$", content["url"])
    assert client.get(f"/receipt/{token}").status_code == 200
    receipt = client.get(path_of(paid, ".json")).json()
    receipt["payload"] = base64.urlsafe_b64encode(json.dumps(content | {"livemode": True}).encode()).decode()
    assert checked(".".join(receipt[part] for part in ("protected", "payload", "signature"))) is None


def test_it_holds_nothing_of_the_buyer_and_stays_true_when_they_are_erased(
    client: Client, paid: CheckoutSession, later: Callable[[int], None]
) -> None:
    before = signed_content(client, paid)
    assert not {"pat", "payer", "10482", "winter"} & set(json.dumps(before).lower().replace('"', " ").split())
    assert "Pat Payer" in read(client, paid)
    later(10)
    erase_buyer(paid.customer, actor="mia@example.com")
    assert signed_content(client, paid) == before
    page = read(client, paid)
    assert "49.00 USD" in page
    assert "Pat Payer" not in page


def test_the_sheet_shows_all_that_was_paid(client: Client, paid: CheckoutSession) -> None:
    Merchant.objects.filter(pk=paid.merchant_id).update(receipt_details="Röstweg 1, Berlin\nDE 123456789")
    page = read(client, paid)
    for shown in (
        "Röstweg 1, Berlin",
        "DE 123456789",
        "Winter box, 1 kg",
        "10482",
        "49 USDC",
        "Sandbox",
        "1 USDC = 1 USD",
        "UTC",
        "p•••@example.com",
        "TEST",
    ):
        assert shown in page, shown
    assert f"{receipt_url(paid)}/check" in page
    assert "This receipt is genuine" in read(client, paid, "/check")
    assert "<svg" in read(client, paid, "/qr.svg")
    assert paid.page_token not in page + read(client, paid, "/check")


@pytest.mark.parametrize("page", ["", "/check"])
def test_its_moments_are_written_as_the_language_writes_them_and_told_in_the_readers_time_too(
    client: Client, paid: CheckoutSession, page: str
) -> None:
    at = paid.completed_at
    assert at is not None
    html = read(client, paid, f"{page}?lang=de")
    assert f'" data-here>{at:%d.%m.%Y, %H:%M:%S} UTC</time>' in html
    assert html.count(" UTC") == html.count(" UTC</time>")
    assert re.search(r'<script type="module" src="/static/js/pay/(receipt|moments)\.js">', html)


def test_who_looks_first_has_it_signed_and_once(client: Client, sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "exact")
    first = signed_content(client, session)
    sandbox.skip(minutes=5)
    sign_receipts(timezone.now())
    assert signed_content(client, session) == first


def test_what_the_network_takes_back_is_said_and_the_signature_stays(
    client: Client, sandbox: Sandbox, paid: CheckoutSession
) -> None:
    content = signed_content(client, paid)
    sandbox.chain_takes_back(paid)
    sandbox.wait(2, paid)
    assert "does not hold any more" in read(client, paid)
    assert "genuine" not in read(client, paid, "/check")
    assert signed_content(client, paid) == content


def test_of_what_is_taken_back_before_nothing_is_signed(
    client: Client, sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "exact")
    sandbox.chain_takes_back(session)
    sandbox.wait(2, session)
    assert sign_receipts(timezone.now()) == 0
    assert "There is no receipt now" in read(client, session)
    assert client.get(path_of(session, ".json")).status_code == 404
    sandbox.play(session, "exact")
    assert sign_receipts(timezone.now()) == 1


def test_a_refund_stands_beside_it(client: Client, sandbox: Sandbox, paid: CheckoutSession) -> None:
    made = ask_for_refund(session=refreshed(paid), amount=RefundKind.FULL, address=PATS_WALLET, actor="mia")
    play_refund(made, now=timezone.now())
    assert "went back to the buyer" not in read(client, paid)
    sandbox.wait(6, paid)
    assert '<bdi translate="no">49.00 USDC</bdi> on <bdi translate="no">Sandbox' in read(client, paid)
    assert "went back to the buyer" in read(client, paid)


def test_another_key_signs_from_now_on_and_the_former_one_still_checks(
    client: Client, sandbox: Sandbox, paid: CheckoutSession, new_session: NewSession
) -> None:
    call_command("rotate_receipt_key")
    signed_content(client, paid)
    newer = sandbox.play(new_session(), "exact")
    signed_content(client, newer)
    heads = {client.get(path_of(each, ".json")).json()["protected"] for each in (paid, newer)}
    assert len(heads) == 2
    assert ReceiptKey.objects.filter(signs=True).count() == 1
    assert not any("d" in key for key in client.get("/.well-known/jwks.json").json()["keys"])


def test_a_key_of_somebody_else_signs_nothing_of_ours(client: Client, paid: CheckoutSession) -> None:
    (key,) = client.get("/.well-known/jwks.json").json()["keys"]
    ReceiptKey.objects.all().delete()
    with pytest.raises(KeyError, match=key["kid"]):
        signed_content(client, paid)
    assert "There is no receipt now" in read(client, paid)


def test_what_was_paid_before_there_were_receipts_gets_one(client: Client, paid: CheckoutSession) -> None:
    Receipt.objects.filter(session=paid).delete()
    loader = MigrationLoader(connection)
    [name] = [name for _, name in loader.graph.nodes if name.endswith("receipts_of_the_past")]
    [operation] = loader.graph.nodes["sessions_app", name].operations
    operation.code(None, connection.schema_editor())  # type: ignore[attr-defined]
    assert signed_content(client, paid)["session"] == paid.public_id


def test_what_an_older_process_completed_beside_this_one_gets_one(client: Client, paid: CheckoutSession) -> None:
    Receipt.objects.filter(session=paid).delete()
    catch_up_with_books()
    assert signed_content(client, paid)["session"] == paid.public_id
    assert begin_missed_receipts() == 0


def test_one_that_cannot_be_signed_stops_no_other(
    sandbox: Sandbox, new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = (sandbox.play(new_session(), "exact") for _ in range(2))

    def failing_of_the_newer(session: CheckoutSession, **about: Any) -> dict[str, Any]:
        if session.pk == newer.pk:
            raise ArithmeticError
        return content_of(session, **about)

    monkeypatch.setattr(issuing, "content_of", failing_of_the_newer)
    monkeypatch.setattr(issuing, "BATCH", 1)
    assert sign_receipts(timezone.now()) == 1
    assert Receipt.objects.get(session=older).signed
    assert not Receipt.objects.get(session=newer).signed


def test_an_open_session_has_none(client: Client, session: CheckoutSession) -> None:
    assert client.get(path_of(session)).status_code == 404
    assert client.get("/receipt/rc_nobody/check").status_code == 404

"""What a receipt says, word by word, and what it is of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Payment, Quote, Receipt
from sessions_app.models.payment import Basis
from sessions_app.receipts import issuing, keys
from sessions_app.receipts.content import content_of, paying
from sessions_app.receipts.issuing import sign_receipts
from sessions_app.receipts.signing import as_json, canonical, checked, kid_of, signed
from sessions_app.state.facts import with_facts
from sessions_app.state.lifecycle import reassess
from sessions_app.state.representation import receipt_url
from tests.locks.stage import SEEN, confirmed, waiting_for_money
from tests.sandbox import Sandbox

New = Callable[..., CheckoutSession]
NOW = datetime(2026, 5, 4, 12, 0, 30, 900_000, tzinfo=UTC)


def read(session: CheckoutSession) -> CheckoutSession:
    """As receipts are made of it."""
    return with_facts(CheckoutSession.objects.filter(pk=session.pk), "merchant").prefetch_related("quotes").get()


@pytest.fixture
def paid(sandbox: Sandbox, new_session: New) -> CheckoutSession:
    return sandbox.play(new_session(currency="EUR"), "exact", asset="ETH")


def paid_at_once(mia: Merchant) -> CheckoutSession:
    payment = confirmed(waiting_for_money(mia), "49.00")
    return reassess(payment.session_id, SEEN)


def test_it_says_what_was_paid_at_which_rate_and_nothing_of_the_buyer(paid: CheckoutSession, settings: Any) -> None:
    CheckoutSession.objects.filter(pk=paid.pk).update(completed_at=datetime(2026, 5, 4, 9, 8, 7, tzinfo=UTC))
    session = read(paid)
    content, [payment] = content_of(session, now=NOW), session.payments.all()
    [told] = content.pop("payments")
    letters = receipt_url(session).rpartition("_")[2].upper()
    assert content == {
        "version": 1,
        "issuer": settings.PUBLIC_URL,
        "url": receipt_url(session),
        "number": f"20260504-{letters[:4]}-{letters[4:8]}",
        "session": session.public_id,
        "livemode": False,
        "seller": {"id": session.merchant.public_id, "name": "Mia Coffee"},
        "price": {"amount": "49.00", "currency": "EUR"},
        "received": {"amount": "49.00", "currency": "EUR"},
        "completedAt": "2026-05-04T09:08:07Z",
        "issuedAt": "2026-05-04T12:00:30Z",
    }
    assert told.pop("explorer") is None  # the sandbox has none
    assert Decimal(told.pop("amount")) == payment.amount_units.scaleb(-18)
    assert Decimal(told.pop("rate")) == payment.rate
    assert told == {
        "id": payment.public_id,
        "asset": "ETH",
        "network": "sandbox",
        "networkName": "Sandbox",
        "chainId": None,
        "value": "49.00",
        "rateRule": "fixed_test_table",
        "rateSources": [{"source": "fixed_test_table", "pair": "ETH/EUR", "value": "2250"}],
        "to": session.deposit.address,
        "transaction": payment.tx_hash,
        "arrivedAt": f"{payment.arrived_at:%Y-%m-%dT%H:%M:%SZ}",
        "confirmedAt": f"{payment.confirmed_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def rule_of(session: CheckoutSession) -> object:
    return content_of(read(session), now=NOW)["payments"][0]["rateRule"]


def test_the_quote_is_the_newest_one_of_its_rate_that_was_there_when_it_was_seen(paid: CheckoutSession) -> None:
    [quote], [payment] = Quote.objects.filter(session=paid), Payment.objects.filter(session=paid)
    seen = payment.seen_at
    Quote.objects.filter(pk=quote.pk).update(created_at=seen - timedelta(minutes=9))
    others = {
        "in time": {"created_at": seen},
        "later": {"created_at": seen + timedelta(seconds=1)},
        "another rate": {"rate": quote.rate * 2},
        "another network": {"network": "devchain"},
        "another asset": {"asset": "USDC"},
    }
    for rule, changes in others.items():
        made = {"created_at": seen - timedelta(minutes=1), "provenance": {"rule": rule, "sources": []}} | changes
        kept = {
            name: getattr(quote, name)
            for name in ("asset", "network", "decimals", "amount_units", "rate", "valid_until")
        }
        Quote.objects.create(session=paid, **(kept | made))
    assert rule_of(paid) == "in time"
    Payment.objects.filter(pk=payment.pk).update(basis=Basis.ARRIVAL)
    assert rule_of(paid) is None


def test_a_source_that_was_not_used_is_not_named(paid: CheckoutSession) -> None:
    sources = [
        {"source": name, "pair": "ETH/EUR", "value": "1.50", "used": name != "odd"} for name in ("a", "odd", "b")
    ]
    Quote.objects.filter(session=paid).update(provenance={"rule": "median", "sources": sources})
    told = content_of(read(paid), now=NOW)["payments"][0]["rateSources"]
    assert told == [{"source": name, "pair": "ETH/EUR", "value": "1.50"} for name in ("a", "b")]


def test_it_is_of_the_payments_that_are_confirmed_and_there_in_the_order_of_arrival(mia: Merchant) -> None:
    one = paid_at_once(mia).payments.get()
    two = Payment.objects.get(pk=one.pk)
    two.pk, two.public_id, two.tx_hash = None, "pay_two", "0x02"
    two.arrived_at = one.arrived_at - timedelta(seconds=1)
    two.save()

    def paid_by() -> list[int]:
        return [each.pk for each in paying(read(one.session))]

    assert paid_by() == [two.pk, one.pk]
    Payment.objects.filter(pk=two.pk).update(arrived_at=one.arrived_at)
    assert paid_by() == [one.pk, two.pk]
    for changes in ({"confirmed_at": None}, {"vanished_at": NOW}, {"counts": False}):
        Payment.objects.filter(pk=one.pk).update(**changes)
        assert paid_by() == [two.pk]
        Payment.objects.filter(pk=one.pk).update(confirmed_at=NOW, vanished_at=None, counts=True)


def test_what_is_signed_is_canonical_and_only_a_receipt_of_our_key_is_one(db: None) -> None:
    assert canonical({"b": "ü", "a": [1, {"d": None, "c": True}]}) == '{"a":[1,{"c":true,"d":null}],"b":"ü"}'.encode()
    key = keys.signing_key(NOW)
    signature = signed({"version": 1}, key)
    assert (checked(signature), kid_of(signature)) == ({"version": 1}, key.kid)
    assert as_json(signature)["receipt"] == {"version": 1}
    head, body, proof = signature.split(".")
    assert as_json(signature) == {
        "protected": head, "payload": body, "signature": proof, "receipt": {"version": 1},
    }  # fmt: skip
    assert checked(f"{head}.{signed({'version': 2}, key).split('.')[1]}.{proof}") is None
    assert checked("no signature") is None


def test_all_that_wait_are_signed_and_those_that_say_nothing_hold_up_no_other(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    *sessions, silent = (paid_at_once(mia) for _ in range(3))
    Payment.objects.filter(session=silent).update(confirmed_at=None)
    monkeypatch.setattr(issuing, "BATCH", 2)
    waiting = Receipt.objects.filter(session__in=(*sessions, silent), signed="")
    assert (sign_receipts(NOW), waiting.get().session_id) == (2, silent.pk)
    assert set(Receipt.objects.filter(session__in=sessions).values_list("issued_at", flat=True)) == {NOW}
    CheckoutSession.objects.filter(pk=silent.pk).update(issue="reversed")
    Payment.objects.filter(session=silent).update(confirmed_at=NOW)
    assert sign_receipts(NOW) == 0

"""What shops really send: taken where it costs nothing, refused in the currency's own words where it is money."""

from decimal import Decimal
from typing import Any

import pytest

from sessions_app.models import CheckoutSession, Customer
from tests.cast import Api, terms
from tests.sandbox import Sandbox
from tests.strangers.world import own

pytestmark = pytest.mark.django_db


def created(api: Api, **changes: Any) -> dict[str, Any]:
    body = terms() | changes
    response = api.post("checkout", body)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.answer
    return answer


def fault(api: Api, **changes: Any) -> tuple[str, str, str]:
    response = api.post("checkout", terms() | changes)
    assert response.status_code == 400, response.content
    [error] = response.answer["errors"]
    return error["attr"], error["code"], error["detail"]


@pytest.mark.parametrize(
    ("sent", "currency", "kept"),
    [
        ("29.95", "USD", "29.95"),
        (" 29.950 ", "USD", "29.95"),
        ("100", "JPY", "100"),
        (100.0, "JPY", "100"),
        (Decimal("59.970000000000006"), "USD", "59.97"),  # 19.99 × 3 in PHP and JavaScript
        ("59.970000000000006", "USD", "59.97"),
        (Decimal("0.30000000000000004"), "EUR", "0.30"),
        (Decimal("1.0049999999999999"), "KWD", "1.005"),
        (Decimal("2999.9999999999995"), "JPY", "3000"),
    ],
)
def test_an_amount_is_taken_exact_and_without_a_floats_noise(api: Api, sent: object, currency: str, kept: str) -> None:
    assert str(created(api, amount=sent, currency=currency)["amount"]) == kept.replace("29.950", "29.95")


@pytest.mark.parametrize(
    ("sent", "currency", "code", "said"),
    [
        (Decimal("49.001"), "USD", "too_many_decimals", "USD has at most 2 decimals."),
        ("49.001", "USD", "too_many_decimals", "USD has at most 2 decimals."),
        (Decimal("49.00000001"), "USD", "too_many_decimals", "USD has at most 2 decimals."),
        (Decimal("49.5"), "JPY", "too_many_decimals", "JPY has no decimals."),
        (Decimal("1.0005"), "KWD", "too_many_decimals", "KWD has at most 3 decimals."),
        ("1,000.00", "USD", "invalid", 'Send a number, such as 49.90, or its digits as text: "49.90".'),
        ("49 USD", "USD", "invalid", 'Send a number, such as 49.90, or its digits as text: "49.90".'),
        ("1e2", "USD", "invalid", 'Send a number, such as 49.90, or its digits as text: "49.90".'),
        ("NaN", "USD", "invalid", 'Send a number, such as 49.90, or its digits as text: "49.90".'),
        ("-1", "USD", "too_small", "Must be above zero."),
        (Decimal("0.0000000001"), "USD", "too_small", "Must be above zero."),
        ("10000000000000000", "USD", "max_whole_digits", "At most 16 digits before the decimal point."),
    ],
)
def test_what_is_no_amount_of_its_currency_is_refused(
    api: Api, sent: object, currency: str, code: str, said: str
) -> None:
    assert fault(api, amount=sent, currency=currency) == ("amount", code, said)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("de", "de"), ("de_DE", "de-DE"), ("de_DE_formal", "de-DE"), ("pt_BR", "pt-BR"), ("PT-br", "pt-BR"),
        ("zh_Hant_TW", "zh-Hant-TW"), ("en_US.UTF-8", "en-US"), ("sr@latin", "sr"), ("", None), (None, None),
        ("nonsense of the shop's own", None), ("x" * 500, None), (7, None), ({}, None), ("ες", None),
    ],
)  # fmt: skip
def test_a_language_never_stops_a_sale(api: Api, client: Any, sent: object, kept: str | None) -> None:
    session = created(api, locale=sent)
    assert session["locale"] == kept
    assert client.get(session["url"].partition("/pay/")[1] + session["url"].rpartition("/")[2]).status_code == 200


@pytest.mark.parametrize("name", ["expiresAt", "reference", "locale", "onConflict", "allowRepeat"])
def test_null_is_not_given(api: Api, name: str) -> None:
    assert created(api, **{name: None})["status"] == "open"


def test_codes_are_taken_in_any_case(api: Api) -> None:
    session = created(api, currency="usd", allowedAssets=["usdc", "Eth", "USDC"])
    assert (session["currency"], session["allowedAssets"]) == ("USD", ["USDC", "ETH"])
    quoted = api.post(f"checkout/{session['id']}/quote", {"asset": "usdc", "network": "Sandbox"})
    assert quoted.answer["payment"]["asset"] == "USDC"
    assert api.get("payment-options?amount=29.950000000000003&currency=eur").status_code == 200


def test_texts_too_long_for_the_page_are_cut_on_the_page(api: Api, client: Any) -> None:
    long = {
        "productName": "Box " * 400,
        "productDescription": "Fine. " * 1500,
        "productId": "7" * 500,
        "name": "P" * 500,
    }
    session = created(api, **long)
    assert {name: session[name] for name in long} == {name: text.strip() for name, text in long.items()}
    found = api.get(f"checkout?productId={long['productId']}").answer
    assert [each["id"] for each in found] == [session["id"]]
    page = client.get("/pay/" + session["url"].rpartition("/")[2]).content.decode()
    assert "Box B…" in page
    assert len(page) < 60_000
    assert fault(api, productName="x" * 2001)[1] == "max_length"


@pytest.mark.parametrize(
    "email", ["jörg@example.com", "pat@bücher.example", "pat@xn--bcher-kva.example", "用户@例子.example"]
)
def test_addresses_of_today_are_taken(api: Api, email: str) -> None:
    assert created(api, email=email)["email"] == email


@pytest.mark.parametrize(
    "email", ["pat", "pat@", "@example.com", "pat smith@example.com", "jörg ü@example.com", "a@b@c.example"]
)
def test_what_is_no_address_is_refused(api: Api, email: str) -> None:
    assert fault(api, email=email)[:2] == ("email", "invalid")


@pytest.mark.parametrize("name", ["\u200b\u200d", "\ufeff", "\u3164", "\u2800 \u200e"])
@pytest.mark.parametrize("field", ["name", "productName"])
def test_a_name_that_cannot_be_seen_is_refused(api: Api, field: str, name: str) -> None:
    assert fault(api, **{field: name})[:2] == (field, "blank")


@pytest.mark.parametrize("field", ["email", "name", "productId", "productDescription"])
def test_what_a_shop_has_not_may_be_empty_but_not_left_out(api: Api, field: str) -> None:
    assert created(api, **{field: ""})[field] == ""
    response = api.post("checkout", terms(**{field: None}))
    assert [(each["attr"], each["code"]) for each in response.answer["errors"]] == [(field, "required")]


def test_buyers_without_an_address_are_one_each(api: Api) -> None:
    first, second = (created(api, email="", name=name) for name in ("Ada", "Bea"))
    assert first["customerId"] != second["customerId"]
    assert [each["name"] for each in api.get("customers").answer[:2]] == ["Bea", "Ada"]
    api.patch(f"checkout/{first['id']}", {"name": "Ada Adler"})
    assert {each.name for each in own(Customer)} == {"Ada Adler", "Bea"}


def test_all_goes_on_without_an_address(api: Api, sandbox: Sandbox, client: Any) -> None:
    """Paid, shown, exported, refunded by the link, erased: only letters need one."""
    first, second = created(api, email=""), created(api, email="")
    paid = CheckoutSession.objects.get(public_id=first["id"])
    sandbox.play(paid, "over", seconds=5)
    assert api.get(f"checkout/sessions/{first['id']}").answer["status"] == "completed"
    page = client.get(f"/pay/{paid.page_token}/refund")
    assert page.status_code == 200
    asked = api.get(f"customers/{first['customerId']}/export").answer
    assert [each["id"] for each in asked["sessions"]] == [first["id"]]
    api.post(f"checkout/{first['id']}/resolve", {"decision": "write_off"})
    sandbox.skip(days=60)
    erased = api.post(f"customers/{first['customerId']}/erase")
    assert erased.status_code == 200
    assert api.get(f"checkout/sessions/{first['id']}").answer["name"] == "Erased"
    assert api.get(f"checkout/sessions/{second['id']}").answer["name"] == "Pat Payer"

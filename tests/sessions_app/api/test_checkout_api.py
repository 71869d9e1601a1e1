"""The five calls of the contract, to the letter: paths, methods, fields, status codes, errors."""

from decimal import Decimal
from typing import Any

import pytest

from sessions_app.models import CheckoutSession, StatusChange
from tests.cast import Api, refreshed, terms
from tests.sandbox import Sandbox, events_of
from tests.strangers.world import own
from webhooks_app.models import Event

REQUIRED = [
    "amount", "currency", "successUrl", "cancelUrl", "email", "name", "metadata", "productId", "productName",
    "productDescription", "allowedAssets",
]  # fmt: skip


def faults(response: Any) -> dict[str, str]:
    """Field → code of an error answer."""
    return {error["attr"]: error["code"] for error in response.answer["errors"]}


def test_create_answers_200_with_all_that_was_sent(api: Api) -> None:
    response = api.post("checkout", terms())
    assert response.status_code == 200
    assert {name: response.answer[name] for name in REQUIRED} == terms()
    assert response.answer["status"] == "open"
    assert response.answer["paymentStatus"] == "unpaid"
    assert response.answer["livemode"] is False
    assert response.answer["payment"] is None
    assert response.answer["url"].endswith(f"/pay/{own(CheckoutSession).get().page_token}")
    assert b'"amount":49.00' in response.content


def test_a_new_session_has_a_timeline_row_and_an_event_with_the_answer_as_data(api: Api) -> None:
    answer = api.post("checkout", terms()).answer
    session = CheckoutSession.objects.get(public_id=answer["id"])
    assert [(row.from_status, row.to_status) for row in session.timeline.all()] == [("", "open")]
    event = Event.objects.get(subject=answer["id"])
    assert (event.type, event.subject_sequence) == ("checkout.created", 1)
    assert event.data == answer
    assert event.written_at


def test_create_is_one_round_trip_of_rows(api: Api, django_assert_num_queries: Any) -> None:
    first = api.post("checkout", terms()).answer["id"]
    with django_assert_num_queries(3):  # with the savepoint's two, as the test runs in a transaction
        second = api.post("checkout", terms()).answer["id"]
    assert {each.public_id for each in own(CheckoutSession)} == {first, second}


@pytest.mark.parametrize("field", REQUIRED)
def test_each_required_field_is_required_and_named(api: Api, field: str) -> None:
    response = api.post("checkout", terms(**{field: None}))
    assert response.status_code == 400
    assert faults(response) == {field: "required"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("amount", 0, "too_small"),
        ("amount", -1, "too_small"),
        ("amount", "49,00", "invalid"),
        ("amount", True, "invalid"),
        ("amount", Decimal("0.001"), "too_many_decimals"),
        ("amount", Decimal("1e30"), "max_whole_digits"),
        ("currency", "EURO", "invalid_choice"),
        ("currency", 5, "invalid_choice"),
        ("successUrl", "javascript:alert(1)", "wrong_scheme"),
        ("successUrl", "/thanks", "wrong_scheme"),
        ("cancelUrl", "https://mia:secret@shop.example", "credentials"),
        ("email", "nobody", "invalid"),
        ("name", "\u200b", "blank"),
        ("metadata", [], "not_an_object"),
        ("metadata", {str(n): n for n in range(51)}, "too_many_keys"),
        ("metadata", {"long": "x" * 9000}, "too_large"),
        ("metadata", {"nul": "\x00"}, "invalid_text"),
        ("productName", "x" * 2001, "max_length"),
        ("allowedAssets", {}, "not_a_list"),
        ("allowedAssets", ["DOGE"], "nothing_available"),
        ("allowedAssets", ["USDC", "DOGE"], "unknown_asset"),
        ("expiresAt", "2020-01-01T00:00:00Z", "out_of_range"),
        ("expiresAt", "tomorrow", "invalid"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_created(api: Api, field: str, value: Any, code: str) -> None:
    response = api.post("checkout", terms(**{field: value}))
    assert response.status_code == 400
    assert faults(response) == {field: code}
    assert not own(CheckoutSession).exists()


@pytest.mark.parametrize("written", ["49.00000000", "4.9e1", "4900000e-5"])
def test_an_amount_counts_what_it_is_however_it_is_written(api: Api, written: str) -> None:
    answer = api.post("checkout", terms(amount=Decimal(written)))
    assert (answer.status_code, answer.answer["amount"]) == (200, 49)


def test_digits_that_no_amount_has_are_not_rounded_away(api: Api) -> None:
    answer = api.post("checkout", terms(amount=Decimal("49.00000001")))
    assert faults(answer) == {"amount": "too_many_decimals"}


def test_yen_have_no_decimals(api: Api) -> None:
    assert faults(api.post("checkout", terms(amount=Decimal("100.5"), currency="JPY"))) == {
        "amount": "too_many_decimals"
    }
    assert api.post("checkout", terms(amount=100, currency="JPY")).status_code == 200


def test_an_unknown_field_is_named(api: Api) -> None:
    assert faults(api.post("checkout", terms(colour="red"))) == {"colour": "unknown_field"}


def test_a_bare_asset_is_a_list_of_one(api: Api) -> None:
    assert api.post("checkout", terms(allowedAssets="USDC")).answer["allowedAssets"] == ["USDC"]


def test_live_urls_are_https(mia_live_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_URL_BASE", "http://127.0.0.1:1")
    response = Api(mia_live_key).post("checkout", terms(successUrl="http://shop.example"))
    assert faults(response) == {"successUrl": "not_https"}


def test_a_mode_without_networks_says_so(mia_live_key: str) -> None:
    assert faults(Api(mia_live_key).post("checkout", terms())) == {"allowedAssets": "nothing_available"}


def test_broken_json_is_400_and_another_type_415(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.secret}"}
    broken = api.client.post("/api/v1/checkout", data="{", content_type="application/json", headers=headers)
    form = api.client.post("/api/v1/checkout", data={"amount": 1}, headers=headers)
    assert (broken.status_code, form.status_code) == (400, 415)


def test_get_by_id(api: Api, session: CheckoutSession) -> None:
    response = api.get(f"checkout/sessions/{session.public_id}")
    assert response.status_code == 200
    assert response.answer["id"] == session.public_id


def test_list_is_an_array_newest_first_with_a_link_to_the_next_page(api: Api) -> None:
    ids = [api.post("checkout", terms()).answer["id"] for _ in range(5)]
    first = api.get("checkout?limit=2")
    assert [one["id"] for one in first.answer] == [ids[4], ids[3]]
    assert first["Link"].endswith('>; rel="next"')
    api.post("checkout", terms())  # a row that arrives meanwhile moves nothing
    second = api.client.get(first["Link"].split(">")[0][1:], headers={"Authorization": f"Bearer {api.secret}"})
    assert [one["id"] for one in second.json()] == [ids[2], ids[1]]
    assert "Link" not in api.get(f"checkout?limit=2&after={ids[2]}")


@pytest.mark.parametrize(
    "query",
    ["status=open", "paymentStatus=unpaid", "email=PAT@example.com", "productId=box-1", "metadata[orderId]=10482"],
)
def test_the_list_can_be_filtered(api: Api, session: CheckoutSession, query: str) -> None:
    assert [one["id"] for one in api.get(f"checkout?{query}").answer] == [session.public_id]
    name, value = query.split("=")
    other = {"status": "expired", "paymentStatus": "paid"}.get(name, f"not-{value}")
    assert api.get(f"checkout?{name}={other}").answer == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "status=gone", "colour=red", "after=cs_x"])
def test_a_wrong_filter_is_named(api: Api, query: str) -> None:
    response = api.get(f"checkout?{query}")
    assert response.status_code == (404 if query.startswith("after") else 400)
    assert query.split("=")[0] in faults(response)


def test_the_list_takes_the_same_queries_for_many(api: Api, django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        api.post("checkout", terms())
    with django_assert_max_num_queries(3):
        assert len(api.get("checkout").answer) == 10


@pytest.mark.parametrize("ending", ["expire", "cancel"])
def test_ending_answers_201_without_content_and_tells_once(api: Api, session: CheckoutSession, ending: str) -> None:
    for _ in range(2):
        response = api.post(f"checkout/{session.public_id}/{ending}")
        assert (response.status_code, response.content) == (201, b"")
    status = {"expire": "expired", "cancel": "cancelled"}[ending]
    assert refreshed(session).status == status
    assert events_of(session) == ["created", status]


@pytest.mark.parametrize("ending", ["expire", "cancel"])
def test_a_paid_session_cannot_be_ended(api: Api, sandbox: Sandbox, session: CheckoutSession, ending: str) -> None:
    sandbox.play(session, "exact")
    response = api.post(f"checkout/{session.public_id}/{ending}")
    assert response.status_code == 409
    assert response.answer["errors"][0]["code"] == "session_not_open"


def test_an_overdue_session_reads_as_expired_before_any_job_ran(
    api: Api, sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.skip(minutes=61)
    assert api.get(f"checkout/sessions/{session.public_id}").answer["status"] == "expired"
    assert events_of(session) == ["created", "expired"]


def test_a_quote_answers_the_session_with_its_payment(api: Api, session: CheckoutSession) -> None:
    response = api.post(f"checkout/{session.public_id}/quote", {"asset": "USDC", "network": "sandbox"})
    assert response.status_code == 200
    payment = response.answer["payment"]
    assert (payment["asset"], payment["network"], payment["amountDue"]) == ("USDC", "sandbox", "49")
    assert (payment["amountReceived"], payment["amountRemaining"]) == ("0", "49")
    assert payment["address"].startswith("0x")
    again = api.post(f"checkout/{session.public_id}/quote", {"asset": "ETH", "network": "sandbox"})
    assert again.answer["payment"]["address"] == payment["address"]


def test_a_quote_keeps_its_rate_while_it_holds(api: Api, session: CheckoutSession) -> None:
    wanted = {"asset": "ETH", "network": "sandbox"}
    first = api.post(f"checkout/{session.public_id}/quote", wanted).answer["payment"]
    assert api.post(f"checkout/{session.public_id}/quote", wanted).answer["payment"] == first


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"asset": "DOGE", "network": "sandbox"}, "asset"),
        ({"asset": "USDC", "network": "moon"}, "network"),
        ({"asset": "USDC"}, "network"),
    ],
)
def test_a_wrong_option_is_named(api: Api, session: CheckoutSession, body: dict[str, str], attr: str) -> None:
    response = api.post(f"checkout/{session.public_id}/quote", body)
    assert response.status_code == 400
    assert set(faults(response)) == {attr}


def test_an_ended_session_has_no_quote(api: Api, session: CheckoutSession) -> None:
    api.post(f"checkout/{session.public_id}/cancel")
    response = api.post(f"checkout/{session.public_id}/quote", {"asset": "USDC", "network": "sandbox"})
    assert response.status_code == 409


def test_payment_options_of_the_mode(api: Api) -> None:
    [usdc] = [each for each in api.get("payment-options").answer if each["asset"] == "USDC"]
    assert (usdc["network"], usdc["networkName"], usdc["decimals"]) == ("sandbox", "Sandbox", 6)
    assert set(usdc) == {
        "asset", "name", "network", "networkName", "chainId", "contract", "decimals", "confirmations",
    }  # fmt: skip


def test_payment_options_tell_what_an_amount_comes_to(api: Api) -> None:
    options = api.get("payment-options?amount=49&currency=USD").answer
    [usdc] = [each for each in options if each["asset"] == "USDC"]
    assert (usdc["available"], usdc["rate"], usdc["amount"]) == (True, "1", "49")


@pytest.mark.parametrize("query", ["amount=49", "amount=x&currency=USD", "amount=0.001&currency=USD", "amount=-1"])
def test_a_wrong_amount_is_named(api: Api, query: str) -> None:
    response = api.get(f"payment-options?{query}")
    assert response.status_code == 400
    assert set(faults(response)) & {"amount", "currency"}


def test_a_reference_has_one_live_session(api: Api) -> None:
    first = api.post("checkout", terms(reference="order-1"))
    same = api.post("checkout", terms(reference="order-1"))
    other = api.post("checkout", terms(reference="order-1", amount=50))
    assert same.answer["id"] == first.answer["id"]
    assert other.status_code == 409
    assert faults(other) == {"reference": "reference_taken"}
    api.post(f"checkout/{first.answer['id']}/cancel")
    assert api.post("checkout", terms(reference="order-1", amount=50)).status_code == 200


def test_an_overdue_session_gives_its_reference_free(api: Api, sandbox: Sandbox) -> None:
    first = api.post("checkout", terms(reference="order-1")).answer["id"]
    sandbox.skip(minutes=61)
    assert api.post("checkout", terms(reference="order-1")).answer["id"] != first
    assert StatusChange.objects.filter(session__public_id=first, to_status="expired").exists()


def test_a_customer_is_one_per_email_with_the_last_name(api: Api) -> None:
    first = api.post("checkout", terms(email="Pat@Example.com", name="P. Payer")).answer
    second = api.post("checkout", terms()).answer
    assert first["customerId"] == second["customerId"]
    assert second["customer"]["name"] == "Pat Payer"
    assert own(CheckoutSession).latest("id").customer.name == "Pat Payer"

"""Every error has one shape, the right status, a stable code and the field's name."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from sessions_app.models import CheckoutSession
from tests.cast import Api, refreshed, terms
from tests.strangers.world import own


def the_error(answer: Any) -> dict[str, Any]:
    assert answer["Content-Type"].startswith("application/json")
    assert answer["Request-Id"]
    assert set(answer.answer) == {"type", "errors"}
    error: dict[str, Any] = answer.answer["errors"][0]
    # A conflict also says with which session, and what can be done.
    assert set(error) - {"sessionId", "sessionStatus", "paymentStatus", "actions"} == {"code", "detail", "attr"}
    return error


def test_an_unknown_field_is_named_with_what_is_known(api: Api) -> None:
    answer = api.post("checkout", terms(amout=1))
    assert answer.status_code == 400
    error = the_error(answer)
    assert (error["attr"], error["code"]) == ("amout", "unknown_field")
    assert "amount" in error["detail"]


def test_all_faults_are_told_at_once(api: Api) -> None:
    answer = api.post("checkout", {"amount": "ten", "currency": "XXX", "nonsense": 1})
    named = {error["attr"] for error in answer.answer["errors"]}
    assert {"amount", "currency", "nonsense", "successUrl", "email", "metadata"} <= named


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("amount", "49,00", "invalid"),
        ("amount", True, "invalid"),
        ("amount", -1, "too_small"),
        ("amount", 1e300, "max_whole_digits"),
        ("currency", "xxz", "invalid_choice"),
        ("currency", ["USD"], "invalid_choice"),
        ("successUrl", "javascript:alert(1)", "wrong_scheme"),
        ("cancelUrl", "https://pat:secret@shop.example/", "credentials"),
        ("successUrl", "https://", "not_a_url"),
        ("cancelUrl", "https://shop.example/a b", "not_a_url"),
        ("email", "pat", "invalid"),
        ("email", 7, "invalid"),
        ("name", "\u200b\u2060\ufeff", "blank"),
        ("name", "a\u0000b", "null_characters_not_allowed"),
        ("name", 7, "invalid"),
        ("name", "x" * 501, "max_length"),
        ("metadata", [], "not_an_object"),
        ("metadata", {str(number): 1 for number in range(51)}, "too_many_keys"),
        ("metadata", {"x": "y" * 9000}, "too_large"),
        ("metadata", {"x": {"y": "\u0000"}}, "invalid_text"),
        ("allowedAssets", {"ETH": 1}, "not_a_list"),
        ("allowedAssets", ["DOGE"], "nothing_available"),
        ("expiresAt", "2030-01-01T00:00:00", "invalid"),
        ("expiresAt", "soon", "invalid"),
        ("expiresAt", "9999-12-31T23:59:59-23:59", "overflow"),
        ("reference", "", "blank"),
    ],
)
def test_a_wrong_value_is_named(api: Api, field: str, value: Any, code: str) -> None:
    answer = api.post("checkout", terms(**{field: value}))
    assert answer.status_code == 400
    error = the_error(answer)
    assert (error["attr"], error["code"]) == (field, code)


def raw(api: Api, body: bytes, content_type: str = "application/json", **headers: str) -> Any:
    answer: Any = Client().post(
        "/api/v1/checkout",
        data=body,
        content_type=content_type,
        headers={"Authorization": f"Bearer {api.secret}", **headers},
    )
    answer.answer = answer.json()
    return answer


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "line 1"),
        (b'{"amount": NaN}', "amount: NaN"),
        (b'{"amount": -Infinity}', "amount: -Infinity"),
        (b'{"amount": 1, "amount": 2}', "'amount' stands twice"),
        (b"[" * 50_000, "nested"),
        (b'{"a":' * 21 + b"1" + b"}" * 21, "nested"),
        (b'{"amount": 1' + b"0" * 100 + b"}", "amount: A number has more than 60 characters"),
        (b'{"amount": 1e' + b"9" * 40 + b"}", "amount: A number's exponent"),
        (b'{"name": "\xff\xfe"}', "UTF-8 at byte 11"),
        ('{"name": "ä"}'.encode("utf-16"), "UTF-8"),
    ],
)
def test_broken_json_is_a_400_that_says_why(api: Api, body: bytes, expected: str) -> None:
    answer = raw(api, body)
    assert answer.status_code == 400
    assert expected in the_error(answer)["detail"]


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"7", b"true"])
def test_a_body_that_is_no_object_is_told_so(api: Api, body: bytes) -> None:
    answer = raw(api, body)
    assert answer.status_code == 400
    assert (answer.answer["type"], the_error(answer)["attr"]) == ("client_error", None)
    assert the_error(answer)["code"] == "not_an_object"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=latin-1"],
)
def test_another_content_type_is_415(api: Api, content_type: str) -> None:
    answer = raw(api, b"{}", content_type)
    assert answer.status_code == 415
    assert "application/json" in the_error(answer)["detail"]


def test_a_call_without_a_key_says_how_to_send_it(api: Api) -> None:
    answer = api.as_("").get("checkout")
    assert the_error(answer)["code"] == "not_authenticated"
    assert "Authorization: Bearer" in the_error(answer)["detail"]


def test_a_body_too_large_is_413_before_it_is_read(api: Api) -> None:
    answer = raw(api, b'"' + b"x" * 70_000 + b'"')
    assert answer.status_code == 413
    assert the_error(answer)["code"] == "body_too_large"


def test_a_call_by_plain_http_is_refused_where_https_is_the_way(api: Api, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = api.post("checkout", terms())
    assert answer.status_code == 403
    assert the_error(answer)["code"] == "https_required"
    assert not own(CheckoutSession).exists()
    assert (
        api.client.get("/api/v1/checkout", secure=True, headers={"Authorization": f"Bearer {api.secret}"}).json() == []
    )


def test_a_page_by_plain_http_leads_to_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/accounts/login/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/accounts/login/")


def test_no_browser_may_guess_what_an_answer_is(api: Api) -> None:
    assert api.get("checkout")["X-Content-Type-Options"] == "nosniff"


def test_a_wrong_method_is_405_and_says_which_are_right(api: Api) -> None:
    answer = api.delete("checkout")
    assert answer.status_code == 405
    assert the_error(answer)["code"] == "method_not_allowed"
    assert "GET" in answer["Allow"]


def test_who_gets_a_session_where_it_is_changed_is_told_where_it_is(api: Api) -> None:
    answer = api.get("checkout/cs_any")
    assert (answer.status_code, answer["Allow"]) == (405, "PATCH")
    assert "/api/v1/checkout/sessions/{id}" in the_error(answer)["detail"]


@pytest.mark.parametrize("path", ["nothing", "checkout/", "checkout/sessions/cs_none", "checkout/sessions/a%00b"])
def test_what_does_not_exist_is_404(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert the_error(answer)["code"] == "not_found"


def test_a_state_that_forbids_it_is_409(api: Api, session: CheckoutSession) -> None:
    api.post(f"checkout/{session.public_id}/cancel")
    answer = api.post(f"checkout/{session.public_id}/quote", {"asset": "USDC", "network": "sandbox"})
    assert answer.status_code == 409
    assert the_error(answer)["code"] == "session_not_open"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1e3", "limit"),
        ("limit=" + "9" * 50, "limit"),
        ("status=paid", "status"),
        ("createdAfter=yesterday", "createdAfter"),
        ("nonsense=1", "nonsense"),
        ("limit=1&limit=2", "limit"),
        ("email=%00", "email"),
        ("metadata[%00]=1", "metadata[%00]"),
    ],
)
def test_a_wrong_query_is_named(api: Api, query: str, field: str) -> None:
    answer = api.get(f"checkout?{query}")
    assert answer.status_code == 400
    assert the_error(answer)["attr"] == field


def test_a_page_after_nothing_is_404_and_named(api: Api) -> None:
    answer = api.get("checkout?after=%F0%28")
    assert (answer.status_code, the_error(answer)["attr"]) == (404, "after")


def test_any_accept_header_gets_json(api: Api) -> None:
    assert api.get("checkout", Accept="text/html").status_code == 200


def test_more_parameters_than_anybody_reads_are_a_400(api: Api) -> None:
    for query in ("a&" * 1001, "a&" * 1001 + "b=%00"):
        answer = api.get(f"checkout?{query}")
        assert answer.status_code == 400
        the_error(answer)


def test_a_body_where_none_belongs_is_told_and_nobody_is_forgotten(api: Api, session: CheckoutSession) -> None:
    answer = api.post(f"customers/{session.customer.public_id}/erase", {"until": 2030})
    assert answer.status_code == 400
    error = the_error(answer)
    assert (error["attr"], error["detail"]) == ("until", "This field is not known here. Known are: none.")
    assert refreshed(session).email == "pat@example.com"


def test_half_a_character_in_a_name_is_no_fault_of_ours(api: Api) -> None:
    body = b'{"url": "https://shop.example/hooks", "headers": {"\\ud800": 1}}'
    headers = {"Authorization": f"Bearer {api.secret}"}
    answer = api.client.post("/api/v1/webhook-endpoints", body, content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    ("metadata", "status"),
    [({"a": "\u4e2d" * 2000}, 200), ({"a": "\u4e2d" * 3000}, 400), ({"a": [Decimal("1e60")]}, 400)],
)
def test_metadata_is_measured_as_it_is_given_back(api: Api, metadata: Any, status: int) -> None:
    assert api.post("checkout", terms(metadata=metadata)).status_code == status


def test_a_call_speaks_english_after_a_page_in_another_language(api: Api) -> None:
    def missing() -> str:
        return str(api.post("checkout", terms(name=None)).answer["errors"][0]["detail"])

    before = missing()
    page = api.client.get("/pay/pg_nobodys", headers={"Accept-Language": "de"})
    assert '<html lang="de"' in page.content.decode()
    assert missing() == before

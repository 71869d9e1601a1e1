"""The API's description: complete, and shown without asking anybody else."""

import json
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from common.api.exact_json import dumps
from sessions_app.models import CheckoutSession
from sessions_app.state.representation import represent
from tests.cast import Api, refreshed, terms
from tests.sandbox import Sandbox
from webhooks_app.event_types import EventType
from webhooks_app.models import Event


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    answer = client.get("/api/schema")
    assert answer["Content-Type"].startswith("application/vnd.oai.openapi+json")
    found: dict[str, Any] = answer.json()
    return found


def test_it_is_openapi_3_1_and_tells_of_webhooks_too(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert set(schema["webhooks"]) == {kind.value for kind in EventType}


def test_a_test_of_an_endpoint_is_described_as_what_is_sent(schema: dict[str, Any]) -> None:
    def named(reference: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = schema["components"]["schemas"][reference["$ref"].rpartition("/")[2]]
        return found

    sent = schema["webhooks"]["endpoint.test"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    message = named(sent)["properties"]
    assert set(named(message["data"])["properties"]) == {"message", "endpointId"}
    assert message["subject"]["examples"][0].startswith("we_")


def test_every_field_says_what_it_means(schema: dict[str, Any]) -> None:
    silent = [
        f"{component}.{name}"
        for component, described in schema["components"]["schemas"].items()
        for name, field in described.get("properties", {}).items()
        if not field.get("description")
    ]
    assert silent == []


def test_every_parameter_says_what_it_means(schema: dict[str, Any]) -> None:
    calls = [(path, call) for path, calls in schema["paths"].items() for call in calls.values()]
    silent = [
        f"{path}: {parameter['name']}"
        for path, call in calls
        for parameter in call.get("parameters", [])
        if not parameter.get("description")
    ]
    assert silent == []


def test_every_call_has_a_summary_and_its_errors(schema: dict[str, Any]) -> None:
    assert len(schema["paths"]) >= 20
    for path, calls in schema["paths"].items():
        for method, call in calls.items():
            assert call.get("summary"), f"{method} {path}"
            assert {"400", "401", "403", "404", "429"} <= set(call["responses"]), f"{method} {path}"
            if method == "post":
                assert {"409", "413", "415", "422"} <= set(call["responses"]), f"{method} {path}"


def test_every_list_is_described_as_one(schema: dict[str, Any]) -> None:
    calls = [call for path in schema["paths"].values() for call in path.values()]
    kinds = {
        call["operationId"]: call["responses"]["200"]["content"]["application/json"]["schema"].get("type")
        for call in calls
        if call["operationId"].startswith("list_")
    }
    assert len(kinds) >= 10
    assert set(kinds.values()) == {"array"}, kinds


def test_a_session_has_exactly_the_described_fields(schema: dict[str, Any], session: CheckoutSession) -> None:
    described = schema["components"]["schemas"]["Session"]
    assert set(represent(session).model_dump()) == set(described["properties"]) == set(described["required"])


@pytest.mark.parametrize("scenario", ["exact", "short", "over", "late_short", "reorged"])
def test_answers_and_events_are_as_described(
    schema: dict[str, Any], sandbox: Sandbox, session: CheckoutSession, scenario: str
) -> None:
    sandbox.play(session, scenario)
    described = jsonschema_rs.validator_for(
        {"$ref": "#/components/schemas/Session", "components": schema["components"]}
    )
    sent = [event.data for event in Event.objects.filter(subject=session.public_id)]
    assert len(sent) > 1
    for answer in [represent(refreshed(session)), *sent]:
        # As whoever receives it reads it.
        assert [error.message for error in described.iter_errors(json.loads(dumps(answer)))] == []


def test_the_contracts_required_fields_are_required(schema: dict[str, Any]) -> None:
    required = set(schema["components"]["schemas"]["CreateSessionRequest"]["required"])
    assert required == {
        "amount", "currency", "successUrl", "cancelUrl", "email", "name", "metadata", "productId", "productName",
        "productDescription", "allowedAssets",
    }  # fmt: skip


def test_every_field_and_parameter_has_an_example_or_is_made_of_those_that_have(schema: dict[str, Any]) -> None:
    fields = [
        (f"{component}.{name}", field)
        for component, described in schema["components"]["schemas"].items()
        for name, field in described.get("properties", {}).items()
    ]
    calls = [(path, call) for path, calls in schema["paths"].items() for call in calls.values()]
    fields += [(f"{path} {each['name']}", each) for path, call in calls for each in call.get("parameters", [])]
    silent = [
        name for name, field in fields if not {"example", "examples"} & set(field) and "$ref" not in json.dumps(field)
    ]
    assert silent == []


def test_every_example_is_right(schema: dict[str, Any]) -> None:
    assert len(schema["components"]["schemas"]) >= 20
    for name, described in schema["components"]["schemas"].items():
        for field, of_field in described.get("properties", {}).items():
            validator = jsonschema_rs.validator_for(of_field | {"components": schema["components"]})
            wrong = [example for example in of_field.get("examples", []) if not validator.is_valid(example)]
            assert wrong == [], f"{name}.{field}"
    for path, calls in schema["paths"].items():
        for each in [each for call in calls.values() for each in call.get("parameters", [])]:
            assert jsonschema_rs.is_valid(each["schema"], each["example"]), f"{path} {each['name']}"


def test_errors_look_as_their_examples_do(schema: dict[str, Any], api: Api, session: CheckoutSession) -> None:
    body = {"asset": "USDC", "network": "sandbox"}
    quote = f"checkout/{session.public_id}/quote"
    answers = [
        api.post(quote, body | {"amout": 1}),
        api.as_("sk_test_unknown").post(quote, body),
        api.post("checkout/cs_nobodys/quote", body),
        api.post(quote, body, Idempotency_Key="1"),
        api.post(quote, body | {"asset": "ETH"}, Idempotency_Key="1"),
        api.client.post(f"/api/v1/{quote}", "{}", "text/plain", headers={"Authorization": f"Bearer {api.secret}"}),
    ]
    described = schema["paths"]["/api/v1/checkout/{id}/quote"]["post"]["responses"]
    for answer in answers:
        sent = answer.json()
        if answer.status_code != 200:
            (example,) = described[str(answer.status_code)]["content"]["application/json"]["examples"].values()
            assert (sent["type"], sent["errors"][0]["code"], sent["errors"][0]["attr"]) == (
                example["value"]["type"], example["value"]["errors"][0]["code"], example["value"]["errors"][0]["attr"],
            )  # fmt: skip
    assert [answer.status_code for answer in answers] == [400, 401, 404, 200, 422, 415]


@pytest.mark.usefixtures("fresh_limits")
def test_headers_are_as_described(schema: dict[str, Any], api: Api, settings: Any) -> None:
    def described(path: str, method: str, status: int) -> set[str]:
        return set(schema["paths"][path][method]["responses"][str(status)]["headers"])

    ordinary = {
        "Content-Type", "Content-Length", "Cache-Control", "Vary", "Allow",
        "Cross-Origin-Opener-Policy", "Referrer-Policy", "X-Content-Type-Options",
    }  # fmt: skip
    path = "/api/v1/checkout"
    first, again = [api.post("checkout", terms(reference=name), Idempotency_Key="1") for name in ("1", "1")]
    assert {*again.headers} - ordinary == described(path, "post", 200)
    assert {*first.headers} - ordinary == described(path, "post", 200) - {"Idempotent-Replayed"}
    api.post("checkout", terms())
    assert {*api.get("checkout?limit=1&total=true").headers} - ordinary == described(path, "get", 200)
    settings.RATE_LIMIT_PER_KEY = 0
    assert {*api.get("checkout").headers} - ordinary == described(path, "get", 429)

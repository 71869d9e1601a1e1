"""The reference: a page and an anchor for each call and message, and samples that a reader may copy."""

import ast
import json
import re
import shutil
import subprocess
from html import unescape
from typing import Any

import pytest
from django.test import Client

from checkout_project.guides.fields import Field
from checkout_project.guides.reference import Call, calls
from checkout_project.openapi.description import description
from tests.cast import Api
from webhooks_app.event_types import EventType


def sample(call: Call, language: str) -> str:
    """As it is copied from the page."""
    (marked,) = (text for each, _, text in call.samples if each == language)
    return unescape(re.sub(r"<[^>]+>", "", marked))


def test_each_call_and_message_has_its_page_and_its_anchor(client: Client) -> None:
    described = {call["operationId"] for methods in description()["paths"].values() for call in methods.values()}
    described |= {message["post"]["operationId"] for message in description()["webhooks"].values()}
    assert len(described) > 50
    assert set(calls()) == described
    anchors = set(re.findall(r' id="(\w+)"', client.get("/docs/api").content.decode()))
    assert described <= anchors


def told(fields: list[Field]) -> set[str]:
    return {name for each in fields for name in (each.name, *told(each.inside))}


def test_each_field_is_told_with_its_meaning() -> None:
    def silent(fields: list[Field]) -> list[str]:
        return [each.name for each in fields if not each.meaning] + [
            name for each in fields for name in silent(each.inside)
        ]

    for call in calls().values():
        assert silent([*call.parameters, *call.body, *call.answer]) == [], call.name
    create = calls()["create_session"]
    properties = description()["components"]["schemas"]["CreateSessionRequest"]["properties"]
    assert [each.name for each in create.body] == list(properties)
    assert {"id", "url", "payments", "txHash"} <= told(create.answer)


@pytest.mark.parametrize(
    ("language", "command", "one"),
    [
        ("bash", ["bash", "-n"], "{}\n"),
        ("js", ["node", "--check", "--input-type=module", "-"], "(async () => {{\n{}\n}})();\n"),
        ("php", ["php", "-l"], "<?php {} ?>\n"),
    ],
)
def test_all_samples_are_of_their_language(language: str, command: list[str], one: str) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    text = "".join(one.format(sample(call, language)) for call in calls().values() if call.samples)
    assert text
    run = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def shown(marked: str) -> Any:
    """The JSON of an example on the page."""
    return json.loads(unescape(re.sub(r"<[^>]+>", "", marked)))


def sessions_in(example: Any) -> list[Any]:
    """Whole sessions that an example shows."""
    if isinstance(example, list):
        return [session for each in example for session in sessions_in(each)]
    if not isinstance(example, dict):
        return []
    inside = [session for each in example.values() for session in sessions_in(each)]
    return [example, *inside] if {"payments", "status"} <= set(example) else inside


def test_each_session_that_is_shown_could_be() -> None:
    found = 0
    for call in calls().values():
        for example in filter(None, (call.body_example, call.answer_example)):
            for session in sessions_in(shown(example)):
                found += 1
                is_completed = session["status"] == "completed"
                counted = [each for each in session["payments"] if each["counts"]]
                brought = sum(each["value"] for each in counted)
                assert (session["completedAt"] is not None) is is_completed, call.name
                assert (session["receiptUrl"] is not None) is is_completed, call.name
                assert session["amountNet"] == brought - session["amountRefunded"], call.name
                assert (session["paymentStatus"] == "unpaid") is not bool(counted), call.name
                assert session["issue"] or not session["needsDecision"], call.name
                assert not (session["supersedes"] and session["supersededBy"]), call.name
                assert all(
                    session[name] == told for name, told in session.get("current", {}).items() if name != "sequence"
                ), call.name
    assert found > 15


def test_each_message_is_shown_by_what_it_tells() -> None:
    told = {call.path: shown(call.body_example) for call in calls().values() if call.verb == "EVENT"}
    for status in ("processing", "completed", "expired", "cancelled"):
        assert told[f"checkout.{status}"]["data"]["status"] == status
    assert told["checkout.created"]["data"]["paymentStatus"] == "unpaid"
    assert told["checkout.partially_paid"]["data"]["paymentStatus"] == "partial"
    assert told["checkout.issue_opened"]["data"]["needsDecision"] is True
    assert told["checkout.issue_resolved"]["data"]["needsDecision"] is False
    for status in ("prepared", "seen", "confirmed", "withdrawn"):
        assert told[f"refund.{status}"]["data"]["refund"]["status"] == status
        assert told[f"refund.{status}"]["data"]["refunds"] == [told[f"refund.{status}"]["data"]["refund"]]
    assert calls()["create_session"].answer_example.count("unpaid") == 1


def test_a_message_tells_only_what_it_adds_to_a_session() -> None:
    told = {call.path: call for call in calls().values() if call.verb == "EVENT" and call.path != "endpoint.test"}
    assert {*told} == {*EventType} - {"endpoint.test"}
    for path, call in told.items():
        (data,) = (each for each in call.body if each.name == "data")
        assert {each.name for each in data.inside} == {"current", *(["refund"] if path.startswith("refund.") else [])}
        assert "/docs/api/get_session" in data.meaning


def test_all_samples_in_python_are_python() -> None:
    samples = [sample(call, "python") for call in calls().values() if call.samples]
    assert len(samples) > 40
    for each in samples:
        ast.parse(each)


@pytest.mark.django_db
def test_the_sample_of_a_create_is_taken(api: Api) -> None:
    found = re.search(r"-d '(.*)'", sample(calls()["create_session"], "bash"), re.DOTALL)
    assert found
    body: dict[str, Any] = json.loads(found[1])
    assert api.post("checkout", body).status_code == 200

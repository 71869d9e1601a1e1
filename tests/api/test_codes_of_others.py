"""What pydantic or PostgreSQL refuses is told in codes of ours, too."""

from typing import LiteralString, get_args

import pytest
from django.db import connection, transaction
from pydantic import ValidationError
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType
from structlog.testing import capture_logs

from common.api.faults import told
from sessions_app.scope import SessionScope
from tests.api.test_error_shape import the_error
from tests.cast import Api
from tests.guides.test_error_catalogue import catalogue


@pytest.mark.parametrize("query", ["needsDecision=maybe", "total=2"])
def test_what_is_neither_true_nor_false_is_invalid(api: Api, query: str) -> None:
    error = the_error(api.get(f"checkout?{query}"))
    assert (error["attr"], error["code"], error["detail"]) == (query.split("=")[0], "invalid", "Send true or false.")


def test_whatever_pydantic_finds_has_a_code_of_the_documents() -> None:
    numbers = ("max_length", "actual_length", "max_digits", "decimal_places", "whole_digits", "ge", "le")
    filled_in = {"expected": "'a' or 'b'", **dict.fromkeys(numbers, 1)}
    words: tuple[LiteralString, ...] = get_args(ErrorType)
    assert {"missing", "bool_parsing"} <= set(words)
    for word in words:
        found = PydanticCustomError(word, "Input should be otherwise", filled_in)
        error = ValidationError.from_exception_data("", [{"type": found, "loc": ("field",), "input": "\ud800"}])
        assert told(error, known=["field"], data={}).get_codes()["field"][0] in catalogue(), word


def asking(monkeypatch: pytest.MonkeyPatch, expression: str) -> None:
    """From now on whoever looks for a session asks the database for this."""

    def asked(_scope: object, _public_id: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT {expression}")

    monkeypatch.setattr(SessionScope, "view", asked)
    monkeypatch.setattr(SessionScope, "session", asked)


REFUND = {"amount": "all"}


@pytest.mark.parametrize("value", ["1e400::numeric(10)", "'x'::integer", "'300000-01-01'::timestamptz"])
def test_what_only_the_database_refuses_is_no_fault_of_ours(
    api: Api, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    asking(monkeypatch, value)
    with capture_logs() as lines:
        answer = api.post("checkout/cs_any/refunds", REFUND)
    assert (answer.status_code, the_error(answer)["code"]) == (400, "cannot_be_kept")
    assert "api.cannot_be_kept" in [line["event"] for line in lines if line["log_level"] == "error"]


def test_a_statement_that_is_wrong_stays_our_fault(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asking(monkeypatch, "1 / 0")
    api.client.raise_request_exception = False
    assert api.post("checkout/cs_any/refunds", REFUND).status_code == 500


def test_a_value_that_cannot_be_the_requests_stays_our_fault(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """It brought none, or something may have been done before."""
    asking(monkeypatch, "1e400::numeric(10)")
    api.client.raise_request_exception = False
    assert api.get("checkout/sessions/cs_any").status_code == 500
    assert api.post("checkout/cs_any/quote", {"asset": "USDC", "network": "sandbox"}).status_code == 500

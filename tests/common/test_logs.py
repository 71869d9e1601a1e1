"""Logs: JSON lines with the request's id, and never a provider's URL with its key."""

import io
import json
import logging
import logging.config

import httpx
import pytest
import structlog

from checkout_project import logs
from tests.anvil import Anvil


@pytest.fixture
def written() -> io.StringIO:
    """What the production configuration writes; the test run's own comes back afterwards."""
    stream = io.StringIO()
    before = logging.root.handlers[:], logging.root.level
    config = logs.configure(log_format="json", level="INFO")
    config["handlers"]["lines"]["stream"] = stream
    logging.config.dictConfig(config)
    yield stream
    logging.root.handlers[:], logging.root.level = before
    logging.getLogger("django.server").handlers[:] = []


def test_a_line_is_json_with_the_request_id(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        logging.getLogger("django.security").warning("refused %s", "host")
    line = json.loads(written.getvalue())
    assert (line["event"], line["request_id"], line["level"]) == ("refused host", "req_1", "warning")


def test_no_url_of_a_provider_is_logged(written: io.StringIO) -> None:
    with Anvil() as node:
        httpx.post(f"{node.url}/v3/secret-key", json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"})
    assert "secret-key" not in written.getvalue()


@pytest.mark.parametrize("token", ["pg_3f8k2m9x7c1vb5nq0wzt4r6hdj", "cs_3f8k2m9x7c1vb5nq0wzt4r6hdj"])
def test_the_address_of_a_buyers_page_is_not_logged(written: io.StringIO, token: str) -> None:
    logging.getLogger("django.security.csrf").warning("Forbidden (%s): %s", "no cookie", f"/pay/{token}/refund")
    structlog.get_logger().warning("page.broke", path=f"/pay/{token}?qr=address")
    try:
        raise ValueError(f"/pay/{token}")
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: /pay/%s", token)
    assert token not in written.getvalue()
    assert len(written.getvalue().splitlines()) == 3


def test_the_id_of_a_session_is(written: io.StringIO) -> None:
    structlog.get_logger().warning("session.odd", session="cs_3f8k2m9x7c1vb5nq0wzt4r6hdj")
    assert "cs_3f8k2m9x7c1vb5nq0wzt4r6hdj" in written.getvalue()

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

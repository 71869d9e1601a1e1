"""Logs: JSON lines with the request's id, and never a provider's URL with its key."""

import io
import json
import logging
import logging.config
import re
from collections.abc import Iterator

import httpx
import pytest
import structlog
from django.urls import URLResolver, get_resolver

from checkout_project import logs
from tests.anvil import Anvil

PART = re.compile(r"<(?:\w+:)?(\w+)>(?!\[)|\(\?P<(\w+)>.+?\)(?=[-/$]|$)")
# Names of the variable parts of addresses: those that let in whoever knows them, and those that only name something.
SECRETS = {"key", "page_token", "secret", "token"}
NO_SECRETS = {
    "_rest", "app_label", "at", "color", "content_type_id", "customer_id", "delivery", "delivery_id", "digest",
    "endpoint_id", "event_id", "id", "invitation_id", "key_id", "link_id", "member_id", "mode", "name", "network_id",
    "note_id", "object_id", "path", "pk", "refund_id", "rest", "session_id", "treasury_id", "uidb36", "url", "version",
}  # fmt: skip


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


def parts(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, str]]:
    """Each variable part of each address: its name, and an address with `SECRET` there."""
    for each in resolver.url_patterns:
        route = before + str(each.pattern).strip("^$")
        if isinstance(each, URLResolver):
            yield from parts(each, route)
            continue
        for part in PART.finditer(route):
            filled = f"{route[: part.start()]}SECRET{route[part.end() :]}"
            yield part[1] or part[2], PART.sub("other", filled)


def test_no_address_that_lets_in_whoever_knows_it_is_logged(written: io.StringIO) -> None:
    found = list(parts(get_resolver()))
    assert {name for name, _ in found} == SECRETS | NO_SECRETS  # a new one is put on its side
    addresses = [address for name, address in found if name in SECRETS]
    assert len(addresses) >= 20
    for address in addresses:
        logging.getLogger("django.security.csrf").warning("Forbidden (%s): %s", "CSRF cookie not set.", address)
    assert len(written.getvalue().splitlines()) == len(addresses)
    assert [each for each in written.getvalue().splitlines() if "SECRET" in each] == []


def test_the_id_of_a_session_is(written: io.StringIO) -> None:
    structlog.get_logger().warning("session.odd", session="cs_3f8k2m9x7c1vb5nq0wzt4r6hdj")
    assert "cs_3f8k2m9x7c1vb5nq0wzt4r6hdj" in written.getvalue()

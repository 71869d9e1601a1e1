"""What leaves for OpenTelemetry and Sentry, as they receive it: enough to find the fault, and nobody's data."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from checkout_project.observing.elsewhere import tell_elsewhere

ROOT = Path(__file__).resolve().parents[2]
SECRETS = (
    "pg_3f8k", "pat@example.com", "Pat's own", "203.0.113.77", "127.0.0.1:1", "sk_live_key", "rpc-secret-key", "v3",
)  # fmt: skip


class Receiver(BaseHTTPRequestHandler):
    """Takes whatever is posted, under its path."""

    got: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.got.append((self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_GET(self) -> None:
        self.got.append(("/headers", bytes(self.headers)))
        self.do_POST()

    def log_message(self, *_line: Any) -> None:
        pass


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, bytes]]]:
    """All that a process in trouble has sent, by path."""
    if find_spec("sentry_sdk") is None or find_spec("opentelemetry") is None:
        pytest.skip("needs requirements-observability.lock")
    got: list[tuple[str, bytes]] = []
    handler = type("Handler", (Receiver,), {"got": got})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        named = tmp_path_factory.mktemp("secrets") / "collector"
        named.write_text(f"http://{address}\n", encoding="utf-8")
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "checkout_project.settings",
            "PYTHONPATH": str(ROOT),
            "OTEL_EXPORTER_OTLP_ENDPOINT_FILE": str(named),
            "SENTRY_DSN": f"http://public@{address}/7",
            "ALLOWED_HOSTS": "testserver",
        }
        command = [sys.executable, "-m", "tests.observing.broken_process", f"http://{address}"]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        yield got
        server.shutdown()


def spans(received: list[tuple[str, bytes]]) -> Iterator[Any]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415

    for path, body in received:
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    yield from scope.spans


def events(received: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
    lines = [line for path, body in received if path == "/api/7/envelope/" for line in body.splitlines()]
    return [each for each in map(json.loads, lines) if "level" in each]


def test_traces_name_route_statement_task_and_host(received: list[tuple[str, bytes]]) -> None:
    found = list(spans(received))
    told = {each.name: {pair.key: pair.value.string_value for pair in each.attributes} for each in found}
    page = next(attributes for name, attributes in told.items() if "pay/<str:page_token>" in name)
    assert page["request_id"].startswith("req_")
    assert any(attributes.get("db.statement", "").startswith("SELECT") for attributes in told.values())
    assert told["run/tests.breaks_elsewhere"]["messaging.message.id"]
    assert any(each.parent_span_id for each in found)


def test_errors_name_their_kind_their_place_and_their_ids(received: list[tuple[str, bytes]]) -> None:
    found = events(received)
    kinds = {each["exception"]["values"][-1]["type"]: each for each in found if "exception" in each}
    broken = kinds["ValueError"]
    assert (broken["tags"]["task"], broken["environment"]) == ("tests.breaks_elsewhere", "web")
    assert broken["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "breaks"
    assert kinds["ProgrammingError"]["tags"]["request_id"].startswith("req_")
    [line] = [each for each in found if each.get("logentry", {}).get("message") == "odd.line"]
    assert line["tags"]["session_id"] == "cs_1"


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_of_anybody_leaves(received: list[tuple[str, bytes]], secret: str) -> None:
    sent = [body for path, body in received if path in {"/v1/traces", "/api/7/envelope/"}]
    assert len(sent) > 2
    assert not [body for body in sent if secret.encode() in body]


def test_strangers_traces_are_not_joined_and_no_node_is_told_of_ours(received: list[tuple[str, bytes]]) -> None:
    assert bytes([0x5C] * 16) not in {each.trace_id for each in spans(received)}
    [headers] = [body.lower() for path, body in received if path == "/headers"]
    assert b"user-agent" in headers
    assert b"traceparent" not in headers
    assert b"baggage" not in headers


def test_neither_is_imported_unasked() -> None:
    tell_elsewhere("web")
    assert not {"checkout_project.observing.tracing", "checkout_project.observing.sentry"} & set(sys.modules)

"""OpenTelemetry: requests, tasks, statements and calls that go out as traces, by the standard's own variables.

What leaves is what is named here: an attribute that nobody has thought of stays. So no address of a page, no URL of a
node, no text of an error and nobody's name or IP address gets out, whatever a library comes to note.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status
from typing_extensions import override

from common.version import VERSION

TOLD = frozenset({
    "http.method", "http.request.method", "http.status_code", "http.response.status_code", "http.route",
    "http.scheme", "url.scheme", "http.flavor", "network.protocol.version", "request_id",
    "db.system", "db.system.name", "db.name", "db.namespace", "db.statement", "db.query.text",
    "celery.action", "celery.task_name", "celery.state", "celery.retries", "messaging.message.id",
    "messaging.destination", "error.type", "exception.type",
})  # fmt: skip
# Only of calls that go out: of one that comes in, it is the name that a stranger sent.
_OTHER_SIDE = frozenset({"server.address", "server.port"})
_STATEMENTS = {"db.statement", "db.query.text"}
_LITERAL = re.compile(r"'(?:[^']|'')*'")


def start(process: str) -> None:
    """From now on. Instruments what this process uses, before Django puts its middleware together."""
    name = os.environ.get("OTEL_SERVICE_NAME") or f"tallystick-{process}"
    # The exporter looks there itself, and knows no file that the address may have come from.
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = settings.OTEL_EXPORTER_OTLP_ENDPOINT
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name, "service.version": VERSION}))
    provider.add_span_processor(BatchSpanProcessor(Scrubbed(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    set_global_textmap(Unpassed())
    DjangoInstrumentor().instrument(excluded_urls="healthz,readyz,metrics", response_hook=_note_request)
    PsycopgInstrumentor().instrument()
    CeleryInstrumentor().instrument()
    HTTPXClientInstrumentor().instrument()


def _note_request(span: Span, _request: HttpRequest, response: HttpResponse) -> None:
    span.set_attribute("request_id", response.get("Request-Id", ""))


class Unpassed(TextMapPropagator):
    """A trace begins and ends within a process: a stranger's header neither joins ours nor says what is sampled, and
    nodes, facilitators and shops are sent none.
    """

    @override
    def extract(self, _carrier: Any, context: Context | None = None, *_getter: Any, **_named: Any) -> Context:
        return context or Context()

    @override
    def inject(self, *_carrier: Any, **_named: Any) -> None:
        """Nothing."""

    @property
    @override
    def fields(self) -> set[str]:
        return set()


class Scrubbed(SpanExporter):
    """Hands on what may be told, and not the looks into a queue that belong to no request and no task."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        told = [scrubbed(span) for span in spans if span.parent or span.kind != SpanKind.CLIENT]
        return self._exporter.export(told) if told else SpanExportResult.SUCCESS

    @override
    def shutdown(self) -> None:
        self._exporter.shutdown()

    @override
    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return bool(self._exporter.force_flush(timeout_millis))


def scrubbed(span: ReadableSpan) -> ReadableSpan:
    """The same span with nothing but what is named above."""
    is_outgoing = span.kind == SpanKind.CLIENT
    return ReadableSpan(
        name=_LITERAL.sub("'…'", span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_told(span.attributes or {}, TOLD | _OTHER_SIDE if is_outgoing else TOLD),
        events=[Event(each.name, _told(each.attributes or {}, TOLD), each.timestamp) for each in span.events],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _told(attributes: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {
        name: _LITERAL.sub("'…'", str(value)) if name in _STATEMENTS else value
        for name, value in attributes.items()
        if name in names
    }

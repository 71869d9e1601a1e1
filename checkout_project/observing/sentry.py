"""Sentry: what broke and where in the code. What it was about stands in the log, by the same ids, and stays here.

An event is made anew of what is named below. So no text of an error, no variable, no address, no header, no body and
nobody's name gets out, whatever Sentry's package comes to collect.
"""

import logging
from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from structlog.contextvars import get_contextvars

from checkout_project.errors.outage import is_outage
from common.version import VERSION

_KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "sdk", "transaction")
_OF_FRAME = ("filename", "abs_path", "module", "function", "lineno", "in_app")
_IDS = ("request_id", "session_id", "event_id", "refund_id", "task", "task_id")


def start(process: str) -> None:
    """From now on, for this process."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"tallystick@{VERSION}",
        environment=process,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="function_name", middleware_spans=False, signals_spans=False),
            CeleryIntegration(propagate_traces=False),
            LoggingIntegration(level=None, event_level=logging.ERROR),
            ThreadingIntegration(propagate_scope=False),
            ExcepthookIntegration(),
            AtexitIntegration(callback=lambda _pending, _timeout: None),
            DedupeIntegration(),
        ],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        before_send=scrubbed,
    )


def scrubbed(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
    """What is told of it; nothing of an outage of the database, which is nobody's mistake in the code."""
    if (raised := hint.get("exc_info")) and is_outage(raised[1]):
        return None
    told: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}
    known = get_contextvars()
    if record := hint.get("log_record"):
        told["logentry"] = {"message": _constant(record)}
        known |= record.msg if isinstance(record.msg, dict) else {}
    told["tags"] = {name: str(value) for name, value in known.items() if name in _IDS}
    if values := event.get("exception", {}).get("values"):
        told["exception"] = {"values": [_exception(each) for each in values]}
    told["request"] = {"method": event.get("request", {}).get("method", "")}
    return told


def _constant(record: logging.LogRecord) -> str:
    """What the code calls it: of our own lines the event, of others' the text before anything is filled in."""
    return str(record.msg.get("event", "")) if isinstance(record.msg, dict) else str(record.msg)


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = value.get("stacktrace", {}).get("frames", ())
    kept = [{name: frame[name] for name in _OF_FRAME if name in frame} for frame in frames]
    return {"type": value.get("type"), "module": value.get("module"), "stacktrace": {"frames": kept}}

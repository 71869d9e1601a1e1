"""Logs: one JSON object a line, with the ids of what it is about; no secrets. `LOG_FORMAT=text` is easier on eyes.

Ids are bound where work begins: a request's by `middleware/request_ids.py`, a task's by `observing/tasks.py`, a
message's by the sender, a session's while its state is written and while letters about it leave.
"""

import logging
import os
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog

# Filled into every line, whether it comes from structlog or from a library's own logger.
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# One list for as long as the process lives: loggers in use keep the one that they began with, and structlog changes it
# in place where lines are captured.
_PROCESSORS: list[Any] = [
    *_SHARED,
    structlog.processors.format_exc_info,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]
# Parts of Celery that tell at each try, and of each task at work, that Redis is away.
_BUSY_WITH_REDIS = ("worker.consumer.consumer", "worker.request", "utils.dispatch.signal")
# Addresses that are all that their doors ask for: whoever knows one is the buyer, or the one who was written to. An old
# one of a buyer's page is a session's id, which is no secret elsewhere.
_SECRET = re.compile(
    r"(/(?:pay|receipt|invitations|accounts/confirm-email|accounts/password/reset/key)/)[^/?\s\"']+"
    r"|\b(pg_)[0-9a-z]{26}\b"
)


def _without_secrets(_logger: object, _name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """What is shown of the line: Django names the path of a request that it refused or that broke."""
    return {
        name: _SECRET.sub(lambda found: f"{found[1] or found[2]}…", value) if isinstance(value, str) else value
        for name, value in line.items()
    }


def lines(log_format: str | None = None) -> structlog.stdlib.ProcessorFormatter:
    """How a line is written. The web server's first process, which reads no settings, asks for it too."""
    if (log_format or os.environ.get("LOG_FORMAT") or "json") == "text":
        last: Any = structlog.dev.ConsoleRenderer(colors=False)
    else:
        last = structlog.processors.JSONRenderer()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, structlog.processors.format_exc_info],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_secrets, last],
    )


def log_what_nobody_caught() -> None:
    """Errors that end a process or a thread, and Python's warnings, are lines too. For entries of processes."""
    logging.captureWarnings(capture=True)
    sys.excepthook = _process_broke
    threading.excepthook = _thread_broke


def _process_broke(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger(__name__).critical("process.broke", exc_info=(kind, error, trace))


def _thread_broke(broken: threading.ExceptHookArgs) -> None:
    if broken.exc_value is not None and not isinstance(broken.exc_value, SystemExit):
        name = broken.thread.name if broken.thread else ""
        structlog.get_logger(__name__).error("thread.broke", thread=name, exc_info=broken.exc_value)


def configure(*, log_format: str, level: str) -> dict[str, Any]:
    """Django's LOGGING, and structlog to match. Formats: `json`, `text`."""
    structlog.configure(
        processors=_PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {"()": f"{__name__}.lines", "log_format": log_format},
        },
        "filters": {
            "no_outages": {"()": "checkout_project.errors.outage.NotAboutOutages"},
            "no_redis": {"()": "checkout_project.jobs.redis_away.NotAboutRedis"},
        },
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            # They log each URL they call, and a provider's URL holds the operator's key.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            # It logs each key and signing secret that it hands out.
            "authlib": {"level": "WARNING"},
            # A buyer's wrong link is no event; what breaks is logged by `django.request` at ERROR.
            "django.request": {"level": "ERROR", "filters": ["no_outages"]},
            "celery.app.trace": {"filters": ["no_outages", "no_redis"]},
            **{f"celery.{name}": {"filters": ["no_redis"]} for name in _BUSY_WITH_REDIS},
            "django.server": {"level": "WARNING", "handlers": ["lines"], "propagate": False},
        },
    }

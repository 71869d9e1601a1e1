"""Logs: one JSON object a line, with the request's id; no secrets. `LOG_FORMAT=text` is easier on a person's eyes."""

import re
from typing import Any

import structlog

# Filled into every line, whether it comes from structlog or from a library's own logger.
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# The address of a buyer's page is all that its doors ask for (`CheckoutSession.page_token`). An old one is a session's
# id, which is no secret elsewhere.
_PAGE_TOKEN = re.compile(r"(/pay/)[^/?\s\"']+|\b(pg_)[0-9a-z]{26}\b")


def _without_page_tokens(_logger: object, _name: str, line: dict[str, Any]) -> dict[str, Any]:
    """What is shown of the line: Django names the path of a request that it refused or that broke."""
    return {
        name: _PAGE_TOKEN.sub(lambda found: f"{found[1] or found[2]}…", value) if isinstance(value, str) else value
        for name, value in line.items()
    }


def configure(*, log_format: str, level: str) -> dict[str, Any]:
    """Django's LOGGING, and structlog to match. Formats: `json`, `text`."""
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last = structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED, structlog.processors.format_exc_info],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _without_page_tokens,
                    last,
                ],
            }
        },
        "filters": {"no_outages": {"()": "checkout_project.outage.NotAboutOutages"}},
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
            "celery.app.trace": {"filters": ["no_outages"]},
            "django.server": {"level": "WARNING", "handlers": ["lines"], "propagate": False},
        },
    }

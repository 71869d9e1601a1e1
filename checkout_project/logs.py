"""Logs: one JSON object a line, with the request's id; no secrets. `LOG_FORMAT=text` is easier on a person's eyes."""

from typing import Any

import structlog

# Filled into every line, whether it comes from structlog or from a library's own logger.
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


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
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            }
        },
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            # They log each URL they call, and a provider's URL holds the operator's key.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            # A buyer's wrong link is no event; what breaks is told by `django.request` at ERROR.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "WARNING", "handlers": ["lines"], "propagate": False},
        },
    }

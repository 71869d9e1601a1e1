"""Traces and errors for whoever collects them: only where a setting says so, and nothing of it is imported else."""

from importlib import import_module

from django.conf import settings


def tell_elsewhere(process: str) -> None:
    """For entries of processes, before they begin their work. process: `web`, `worker`, `beat`."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        import_module("checkout_project.observing.tracing").start(process)
    if settings.SENTRY_DSN:
        import_module("checkout_project.observing.sentry").start(process)

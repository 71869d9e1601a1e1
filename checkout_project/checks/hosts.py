"""`manage.py check --deploy`: whatever name a stranger sends must not be taken for ours."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def hosts_are_named(**_more: Any) -> list[CheckMessage]:
    """An error for `*`, which the environment takes with DEBUG alone."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS has *: links in letters and pages may lead to any host that a stranger names.",
            hint="Name your own hosts; see docs/configuration.md.",
            id="checkout_project.E003",
        )
    ]

"""Names the app for Django."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Webhooks."""

    name = "webhooks_app"
    verbose_name = "Webhooks"

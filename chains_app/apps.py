"""Names the app for Django."""

from django.apps import AppConfig


class ChainsConfig(AppConfig):
    """Chains."""

    name = "chains_app"
    verbose_name = "Chains"

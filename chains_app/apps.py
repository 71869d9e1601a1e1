"""Names the app for Django and registers its system checks."""

from django.apps import AppConfig
from django.core.checks import register

from chains_app.checks import check_networks, check_rate_sources


class ChainsConfig(AppConfig):
    """Chains."""

    name = "chains_app"
    verbose_name = "Chains"

    def ready(self) -> None:
        """Django calls this once, when all apps are loaded."""
        register(check_networks, "environment")
        register(check_rate_sources, "environment")

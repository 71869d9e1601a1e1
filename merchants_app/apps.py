"""Names the app for Django."""

from importlib import import_module

from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    """Merchants."""

    name = "merchants_app"
    verbose_name = "Merchants"

    def ready(self) -> None:
        """Listens to allauth; not earlier, because it has models."""
        import_module("merchants_app.sign_in.changes")
        import_module("merchants_app.sign_in.factor_signals")

"""The project as an app: it holds doors only (admin site, management commands), no models."""

from django.apps import AppConfig


class CheckoutProjectConfig(AppConfig):
    """Mounts and runs the apps."""

    name = "checkout_project"

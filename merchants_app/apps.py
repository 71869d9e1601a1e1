"""Names the app for Django."""

from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    """Merchants."""

    name = "merchants_app"
    verbose_name = "Merchants"

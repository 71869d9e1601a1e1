"""Names the app for Django."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """Checkout sessions."""

    name = "sessions_app"
    verbose_name = "Checkout sessions"

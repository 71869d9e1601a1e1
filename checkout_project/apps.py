"""The project as an app: it holds doors only (admin site, management commands), no models."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CheckoutProjectConfig(AppConfig):
    """Mounts and runs the apps."""

    name = "checkout_project"

    def ready(self) -> None:
        """Keeps the operators' groups in step with the tables."""
        from checkout_project.operator_groups import write_groups  # noqa: PLC0415  (models are known only now)

        post_migrate.connect(write_groups, dispatch_uid="operator_groups")

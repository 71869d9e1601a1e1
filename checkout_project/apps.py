"""The project as an app: it holds doors only (admin site, management commands), no models."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate

from checkout_project.checks.former_data import refuse_former_data
from checkout_project.checks.hosts import hosts_are_named
from checkout_project.checks.mail import letters_go_somewhere
from checkout_project.checks.words import translations_are_compiled
from checkout_project.errors.outage import OUTAGE


class CheckoutProjectConfig(AppConfig):
    """Mounts and runs the apps."""

    name = "checkout_project"

    def ready(self) -> None:
        """Keeps the operators' groups in step with the tables, and registers what `check` looks at.

        Data that no migration leads to is refused with a sentence.
        """
        from checkout_project.operators.groups import write_groups  # noqa: PLC0415  (models are known only now)

        pre_migrate.connect(refuse_former_data, dispatch_uid="former_data")
        connection_created.connect(OUTAGE.over, dispatch_uid="outage_over")
        post_migrate.connect(write_groups, dispatch_uid="operator_groups")
        register(hosts_are_named, Tags.security, deploy=True)
        register(letters_go_somewhere, Tags.security, deploy=True)
        register(translations_are_compiled, Tags.translation)

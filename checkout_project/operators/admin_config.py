"""Django admin as an app: with our own site in place of Django's."""

from django.contrib.admin.apps import AdminConfig


class OperatorsAdminConfig(AdminConfig):
    """Django admin, by our own rule of who may open it."""

    default_site = "checkout_project.operators.admin_site.OperatorsSite"

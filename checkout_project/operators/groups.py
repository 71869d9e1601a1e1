"""Two groups of operators who are no superusers: `Look` sees everything and changes nothing, `Support` helps as well.

They are written anew after every `migrate`, so that a new table is seen by those who may see all. Whoever wants
something else makes a group of their own in the admin.
"""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

LOOK, SUPPORT = "Look", "Support"
# Not `mfa`: nobody looks at second factors, nor `sessions`, which are keys.
_SEEN_APPS = ("sessions_app", "webhooks_app", "merchants_app", "chains_app", "account", "auth", "admin")
_HELPS = ("end_checkoutsession", "resend_delivery", "revoke_apikey")


def write_groups(sender: AppConfig, using: str = "default", **_options: Any) -> None:
    """After an app's tables were made (`post_migrate`): what is allowed of that app."""
    if sender.label not in _SEEN_APPS:
        return
    create_permissions(sender, verbosity=0, using=using)  # Django may do it after us
    of_app = Permission.objects.using(using).filter(content_type__app_label=sender.label)
    for name, codenames in ((LOOK, ()), (SUPPORT, _HELPS)):
        group, _ = Group.objects.using(using).get_or_create(name=name)
        wanted = of_app.filter(codename__startswith="view_") | of_app.filter(codename__in=codenames)
        group.permissions.remove(*group.permissions.filter(content_type__app_label=sender.label))
        group.permissions.add(*wanted)

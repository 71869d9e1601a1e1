from typing import Any

from django.contrib.auth.hashers import is_password_usable
from django.db import migrations


def prove_addresses(apps: Any, _schema_editor: Any) -> None:
    """From here on an address counts once its letter was opened. Which of those that exist have been proven already?

    Those of accounts that an operator made, and of invited people who chose their password by the letter's link. Not
    those of the public sign-up, and not what somebody made their own by "make primary": allauth keeps both as the
    account's primary address, unverified. Their owners are written to when they sign in next.
    """
    users = apps.get_model("merchants_app", "User").objects
    addresses = apps.get_model("account", "EmailAddress").objects
    for user in users.order_by("id").iterator():
        own = user.email.lower()
        if own != user.email and not users.filter(email=own).exists():
            users.filter(pk=user.pk).update(email=own)
        addresses.filter(user=user, email__iexact=own).exclude(email=own).delete()
        if addresses.filter(email=own, verified=True).exclude(user=user).exists():
            continue  # somebody else opened the letter
        row = addresses.filter(user=user, email=own).first()
        claimed = row is not None and row.primary and not row.verified
        invited = row is not None and not row.verified and not is_password_usable(user.password)
        if user.is_superuser or not (claimed or invited):
            addresses.filter(user=user, primary=True).exclude(email=own).update(primary=False)
            addresses.update_or_create(user=user, email=own, defaults={"verified": True, "primary": True})
        elif claimed and (proven := addresses.filter(user=user, verified=True).order_by("id").first()):
            _call_by(user, proven, users, addresses)


def _call_by(user: Any, proven: Any, users: Any, addresses: Any) -> None:
    """A claimed address is no name: back to the one that was proven, unless another account is called by it."""
    if users.filter(email=proven.email).exclude(pk=user.pk).exists():
        return
    addresses.filter(user=user, primary=True).update(primary=False)
    addresses.filter(pk=proven.pk).update(primary=True)
    users.filter(pk=user.pk).update(email=proven.email)


class Migration(migrations.Migration):
    """Accounts from before: which of their addresses count."""

    dependencies = [
        ("merchants_app", "0012_invitations"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RunPython(prove_addresses, migrations.RunPython.noop),
    ]

"""Encrypts the secrets of second factors that lie in clear, and lets everybody sign in once more.

One factor a transaction, with its row locked: people go on signing in meanwhile, and a recovery code that is used at
the same instant stays used. What is encrypted already is left alone, so that it can stop and start again anywhere.

The list of devices begins empty. A sign-in from before would not be in it, and "sign out elsewhere" would not end it.
"""

from collections.abc import Callable

from django.db import migrations, transaction

from common.encryption import decrypt, encrypt, is_encrypted


def encrypt_all(apps, schema_editor):
    _rewrite(apps, lambda text: text if is_encrypted(text) else encrypt(text))


def decrypt_all(apps, schema_editor):
    _rewrite(apps, lambda text: decrypt(text) if is_encrypted(text) else text)


def _rewrite(apps, change: Callable[[str], str]) -> None:
    factors = apps.get_model("mfa", "Authenticator").objects.filter(type__in=["totp", "recovery_codes"])
    for pk in list(factors.values_list("pk", flat=True)):
        with transaction.atomic():
            factor = factors.select_for_update().filter(pk=pk).first()
            if factor is None:  # removed meanwhile
                continue
            data = factor.data | {name: change(factor.data[name]) for name in ("secret", "seed") if name in factor.data}
            if "migrated_codes" in data:
                data["migrated_codes"] = [change(code) for code in data["migrated_codes"]]
            if data != factor.data:
                factor.data = data
                factor.save(update_fields=["data"])


def sign_everybody_out(apps, schema_editor):
    apps.get_model("sessions", "Session").objects.all().delete()


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("merchants_app", "0014_demands_second_factor"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(encrypt_all, decrypt_all),
        migrations.RunPython(sign_everybody_out, migrations.RunPython.noop),
    ]

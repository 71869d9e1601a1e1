from django.db import migrations, models

# Until now their first byte said it.
_ENCRYPTED = """
UPDATE merchants_app_idempotencyrecord SET is_encrypted = TRUE
WHERE body <> '' AND convert_from(substr(body, 1, 1), 'UTF8') NOT IN ('{', '[')
"""


class Migration(migrations.Migration):
    """Answers that are kept say whether they are encrypted."""

    dependencies = [
        ("merchants_app", "0015_encrypt_second_factors"),
    ]

    operations = [
        migrations.AddField(
            model_name="idempotencyrecord",
            name="is_encrypted",
            field=models.BooleanField(
                default=False,
                help_text="False: JSON as it left, of a call whose answer holds no secret and is stored where it is made.",
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(_ENCRYPTED, migrations.RunSQL.noop),
    ]

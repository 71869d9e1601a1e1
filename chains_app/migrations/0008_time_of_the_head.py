"""Keeps the time of each network's newest block. A column without a default: the table is not rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chains_app", "0007_closed_to_what_is_new")]

    operations = [
        migrations.AddField(
            model_name="scancursor",
            name="head_at",
            field=models.DateTimeField(
                null=True,
                help_text="The time of that block, as it says itself; null: by a scan that did not keep it.",
            ),
        ),
    ]

"""Lets operators have nothing new paid on a network. A column without a default: the table is not rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chains_app", "0006_distrusted_for_an_hour")]

    operations = [
        migrations.AddField(
            model_name="scancursor",
            name="closed_since",
            field=models.DateTimeField(
                null=True,
                help_text="Since when an operator has nothing new paid there, and it is only read; null: it is offered.",
            ),
        ),
    ]

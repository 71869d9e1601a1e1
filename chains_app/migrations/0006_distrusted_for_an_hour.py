"""Says in the admin what a provider's differences lead to. Nothing in the database changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chains_app", "0005_sandbox_lanes")]

    operations = [
        migrations.AlterField(
            model_name="provider",
            name="differences",
            field=models.PositiveIntegerField(
                default=0,
                help_text="How often its answers proved wrong; for an hour after that others are asked first.",
            ),
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The database itself says that a delivery has its endpoint."""

    dependencies = [
        ("webhooks_app", "0007_permission_to_resend"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="endpoint",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="webhooks_app.webhookendpoint",
            ),
        ),
    ]

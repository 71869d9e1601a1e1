import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Keys get the scopes `webhooks` and `decide`, a holder whose role they do not exceed, and an end if wished."""

    dependencies = [
        ("merchants_app", "0008_suspension_and_visits"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="expires_at",
            field=models.DateTimeField(help_text="It stops working then; empty: never.", null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="expiry_told_at",
            field=models.DateTimeField(editable=False, help_text="When owners were told of its end.", null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="holder",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[("read", "Read"), ("write", "Write"), ("webhooks", "Webhooks"), ("decide", "Decide")],
                    max_length=8,
                ),
                size=None,
            ),
        ),
    ]

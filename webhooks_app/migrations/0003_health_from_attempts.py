from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside senders that go on sending."""

    atomic = False

    dependencies = [
        ('webhooks_app', '0002_endpoints_by_client_key'),
    ]

    operations = [
        AddIndexOnce(
            model_name='delivery',
            index=models.Index(condition=models.Q(('attempts_made__gt', 0)), fields=['endpoint', '-id'], name='deliveries_that_were_tried'),
        ),
    ]

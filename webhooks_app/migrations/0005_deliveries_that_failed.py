from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """An index of a large table, made while it is in use."""

    atomic = False

    dependencies = [
        ('webhooks_app', '0004_letters_and_leases'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['endpoint', 'id'], name='deliveries_that_failed'),
        ),
    ]

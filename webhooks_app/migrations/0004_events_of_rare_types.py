from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling."""

    atomic = False

    dependencies = [
        ('webhooks_app', '0003_health_from_attempts'),
    ]

    operations = [
        AddIndexOnce(
            model_name='event',
            index=models.Index(condition=models.Q(('type__in', ['checkout.created', 'checkout.processing', 'checkout.completed', 'checkout.expired']), _negated=True), fields=['merchant', 'mode', 'type', 'id'], name='events_of_rare_types'),
        ),
    ]

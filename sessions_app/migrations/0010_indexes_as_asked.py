from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling; the new index of refunds is there before the former one goes."""

    atomic = False

    dependencies = [
        ('sessions_app', '0009_deposits_used_again'),
    ]

    operations = [
        AddIndexOnce(
            model_name='refund',
            index=models.Index(condition=models.Q(('status__in', ['prepared', 'seen'])), fields=['network'], name='refunds_prepared_or_seen'),
        ),
        RemoveIndexConcurrently(
            model_name='refund',
            name='refunds_watched_for',
        ),
        AddIndexOnce(
            model_name='checkoutsession',
            index=models.Index(fields=['merchant', 'mode', 'updated_at'], name='sessions_by_change'),
        ),
    ]

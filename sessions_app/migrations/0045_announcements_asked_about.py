from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling: its readers have one index or the other at any time."""

    atomic = False

    dependencies = [
        ('sessions_app', '0044_customers_sorted'),
    ]

    operations = [
        AddIndexOnce(
            model_name='announcement',
            index=models.Index(
                fields=['network', 'at'],
                name='announcements_asked_about',
                condition=models.Q(
                    ('fate__in', ['done', 'replaced', 'reverted']), ('fate_of', models.F('tx_hash')), _negated=True
                ),
            ),
        ),
        RemoveIndexConcurrently(model_name='announcement', name='announcements_by_network'),
    ]

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling; the new index is there before the former one goes."""

    atomic = False

    dependencies = [
        ('sessions_app', '0023_receipts_of_the_past'),
    ]

    operations = [
        AddIndexOnce(
            model_name='payment',
            index=models.Index(condition=models.Q(('collected_at', None), ('collected_tx', ''), ('confirmed_at__isnull', False), ('vanished_at', None)), fields=['merchant', 'mode', 'network', 'asset'], include=('amount_units',), name='payments_waiting'),
        ),
        RemoveIndexConcurrently(
            model_name='payment',
            name='payments_to_collect',
        ),
    ]

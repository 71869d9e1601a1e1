from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling."""

    atomic = False

    dependencies = [
        ('sessions_app', '0028_lists_of_a_year'),
    ]

    operations = [
        AddIndexOnce(
            model_name='bookline',
            index=models.Index(condition=models.Q(('kind__in', ['collected', 'collection_taken_back']), models.Q(('tx_hash', ''), _negated=True)), fields=['merchant', 'mode', 'tx_hash'], name='book_lines_by_collection'),
        ),
    ]

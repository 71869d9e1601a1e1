from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling; the new index of payments is there before the one goes that it stands for."""

    atomic = False

    dependencies = [
        ('sessions_app', '0029_lines_by_collection'),
    ]

    operations = [
        AddIndexOnce(
            model_name='bookline',
            index=models.Index(condition=models.Q(('kind__in', ['received', 'collected']), _negated=True), fields=['kind', '-id'], name='book_lines_of_rare_kinds'),
        ),
        AddIndexOnce(
            model_name='payment',
            index=models.Index(condition=models.Q(('confirmed_at', None)), fields=['network', 'block_number'], name='payments_unconfirmed'),
        ),
        AddIndexOnce(
            model_name='statuschange',
            index=models.Index(condition=models.Q(('actor__contains', '@')), fields=['actor', '-id'], name='status_changes_by_people'),
        ),
        RemoveIndexConcurrently(model_name='payment', name='payments_to_confirm'),
    ]

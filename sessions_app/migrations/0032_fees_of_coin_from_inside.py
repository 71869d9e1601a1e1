from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling."""

    atomic = False

    dependencies = [
        ('sessions_app', '0031_letters_due_in_this_age'),
    ]

    operations = [
        AddIndexOnce(
            model_name='refund',
            index=models.Index(condition=models.Q(('log_index', -2)), fields=['network', 'told_tx'], name='refunds_from_inside'),
        ),
    ]

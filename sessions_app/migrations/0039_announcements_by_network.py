from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling."""

    atomic = False

    dependencies = [
        ('sessions_app', '0038_what_became_of_it'),
    ]

    operations = [
        AddIndexOnce(
            model_name='announcement',
            index=models.Index(fields=['network', 'at'], name='announcements_by_network'),
        ),
    ]

from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling."""

    atomic = False

    dependencies = [
        ('merchants_app', '0015_letters_when_worth_collecting'),
    ]

    operations = [
        AddIndexOnce(
            model_name='merchant',
            index=models.Index(condition=models.Q(('collect_letters__in', ('at_once', 'daily'))), fields=['id'], name='merchants_to_tell_of_worth'),
        ),
    ]

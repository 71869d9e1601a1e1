from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling: an index made in a transaction would keep them waiting."""

    atomic = False

    dependencies = [
        ('sessions_app', '0002_limits_and_outages'),
    ]

    operations = [
        AddIndexOnce(
            model_name='checkoutsession',
            index=models.Index(condition=models.Q(('stands_still_since__isnull', False), ('status', 'open')), fields=['stands_still_since'], name='sessions_standing_still'),
        ),
    ]

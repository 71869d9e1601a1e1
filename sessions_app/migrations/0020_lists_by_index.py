from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling."""

    atomic = False

    dependencies = [
        ('sessions_app', '0019_notes_and_views'),
    ]

    operations = [
        AddIndexOnce(
            model_name='checkoutsession',
            index=models.Index(fields=['merchant', 'mode', 'created_at'], name='sessions_by_creation'),
        ),
        AddIndexOnce(
            model_name='checkoutsession',
            index=models.Index(fields=['merchant', 'mode', 'amount', 'id'], name='sessions_by_amount'),
        ),
        AddIndexOnce(
            model_name='checkoutsession',
            index=models.Index(condition=models.Q(('issue__isnull', False)), fields=['merchant', 'mode', 'issue', '-id'], name='sessions_with_an_issue'),
        ),
    ]

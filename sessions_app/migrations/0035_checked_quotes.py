from django.db import migrations, models

from common.postgresql.migrating import AddCheckOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling. What is refused from now on, no version has written."""

    atomic = False

    dependencies = [
        ('sessions_app', '0034_checked_sessions'),
    ]

    operations = [
        AddCheckOnce(
            model_name='quote',
            constraint=models.CheckConstraint(condition=models.Q(('amount_units__gt', 0), ('rate__gt', 0)), name='quotes_ask_for_something_at_a_rate'),
        ),
    ]

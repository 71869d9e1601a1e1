from django.db import migrations, models

from common.postgresql.migrating import AddCheckOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling. What is refused from now on, no version has written."""

    atomic = False

    dependencies = [
        ('sessions_app', '0036_checked_payments'),
    ]

    operations = [
        AddCheckOnce(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_units__gt', 0)), name='refunds_are_above_zero'),
        ),
    ]

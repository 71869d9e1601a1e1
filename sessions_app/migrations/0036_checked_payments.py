from django.db import migrations, models

from common.postgresql.migrating import AddCheckOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling. What is refused from now on, no version has written."""

    atomic = False

    dependencies = [
        ('sessions_app', '0035_checked_quotes'),
    ]

    operations = [
        AddCheckOnce(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_units__gt', 0)), name='payments_are_above_zero'),
        ),
        AddCheckOnce(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rate', None), ('value', None)), models.Q(('rate__isnull', False), ('value__isnull', False)), _connector='OR'), name='a_worth_has_its_rate'),
        ),
        AddCheckOnce(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_at', None), ('first_confirmed_at__isnull', False), _connector='OR'), name='what_is_confirmed_was_so_a_first_time'),
        ),
    ]

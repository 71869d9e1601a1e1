from django.db import migrations, models

from common.postgresql.migrating import AddCheckOnce


class Migration(migrations.Migration):
    """What those of before have been given by the one before this."""

    atomic = False

    dependencies = [
        ('merchants_app', '0019_xpub_accounts'),
    ]

    operations = [
        AddCheckOnce(
            model_name='treasury',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account', None), ('kind', 'address')), models.Q(('account__isnull', False), ('kind', 'xpub')), _connector='OR'), name='an_xpub_has_an_account_that_counts'),
        ),
    ]

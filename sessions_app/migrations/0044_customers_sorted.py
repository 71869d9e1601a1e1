from django.db import migrations, models
from django.db.models.functions import Coalesce, Lower, NullIf

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling."""

    atomic = False

    dependencies = [
        ('sessions_app', '0043_what_lay_at_months_ends'),
    ]

    operations = [
        AddIndexOnce(
            model_name='customer',
            index=models.Index(
                models.F('merchant'),
                models.F('mode'),
                Lower(
                    Coalesce(
                        NullIf('name', models.Value('')),
                        NullIf('email', models.Value('')),
                        'public_id',
                        output_field=models.CharField(),
                    )
                ),
                models.F('id'),
                name='customers_by_name',
            ),
        ),
        AddIndexOnce(
            model_name='customer',
            index=models.Index(fields=['merchant', 'mode', '-id'], name='customers_newest_first'),
        ),
    ]

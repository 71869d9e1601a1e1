import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """Days that lead beyond the calendar made every new session fail."""

    dependencies = [
        ('merchants_app', '0004_fewer_indexes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='merchant',
            name='watch_days',
            field=models.PositiveIntegerField(default=7, help_text='How long addresses are watched after the end, at most a year.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)]),
        ),
        migrations.RunSQL(
            "UPDATE merchants_app_merchant SET watch_days = 365 WHERE watch_days > 365", migrations.RunSQL.noop
        ),
    ]

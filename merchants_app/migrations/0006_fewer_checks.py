from django.db import migrations, models


class Migration(migrations.Migration):
    """What only our own code writes needs no check that every new row pays for."""

    dependencies = [
        ('merchants_app', '0005_a_year_at_most'),
    ]

    operations = [
        migrations.AlterField(
            model_name='idempotencyrecord',
            name='status_code',
            field=models.SmallIntegerField(),
        ),
    ]

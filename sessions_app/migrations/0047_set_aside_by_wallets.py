from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside shops that go on selling: the column comes without a rewrite of the table."""

    dependencies = [
        ('sessions_app', '0046_refunds_beside_what_paid'),
    ]

    operations = [
        migrations.AddField(
            model_name='announcement',
            name='set_aside',
            field=models.CharField(blank=True, db_default='', help_text='The hash that its wallet says another one has the place of.', max_length=66),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    """Those of before, and those that the former release keeps meanwhile, are made small when somebody looks at them."""

    dependencies = [
        ('merchants_app', '0021_own_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='logo',
            name='shown',
            field=models.BinaryField(db_default=b'', default=b'', help_text='A picture as small as pages show it.'),
        ),
        migrations.AddField(
            model_name='logo',
            name='shown_of',
            field=models.CharField(db_default='', default='', help_text='The digest of that picture; where it is another now, `shown` is drawn anew.', max_length=64),
        ),
    ]

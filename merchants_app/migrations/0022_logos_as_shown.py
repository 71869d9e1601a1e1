from django.db import migrations, models


class Migration(migrations.Migration):
    """Those of before are made small when somebody looks at them."""

    dependencies = [
        ('merchants_app', '0021_own_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='logo',
            name='shown',
            field=models.BinaryField(db_default=b'', default=b'', help_text='The same as small as pages show it; empty until somebody looks at it.'),
        ),
    ]

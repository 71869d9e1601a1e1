import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants_app', '0022_logos_as_shown'),
    ]

    operations = [
        migrations.AddField(
            model_name='merchant',
            name='languages',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), blank=True, db_default=[], default=list, help_text="What its buyers' pages and letters are offered in; empty: all languages that there are.", size=None),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='language',
            field=models.CharField(blank=True, db_default='', default='', help_text='One of those, of buyers whose own is not known or not on offer; empty: English.', max_length=16),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column whose default the database keeps: the table is not rewritten."""

    dependencies = [
        ('chains_app', '0008_time_of_the_head'),
    ]

    operations = [
        migrations.AddField(
            model_name='scancursor',
            name='found_late',
            field=models.BigIntegerField(db_default=0, default=0, help_text='How often payments were found in blocks whose collections may have been asked for.'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column whose default the database keeps: the table is not rewritten."""

    dependencies = [
        ('chains_app', '0009_found_late'),
    ]

    operations = [
        migrations.AddField(
            model_name='scancursor',
            name='clock',
            field=models.CharField(blank=True, db_default='', default='', help_text='ahead or behind, where each node that failed then seems to find our clock so.', max_length=6),
        ),
    ]

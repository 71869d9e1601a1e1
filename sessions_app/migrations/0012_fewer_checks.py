from django.db import migrations, models


class Migration(migrations.Migration):
    """A counter that only our own code writes needs no check that every new row pays for."""

    dependencies = [
        ('sessions_app', '0011_collections_told'),
    ]

    operations = [
        migrations.AlterField(
            model_name='checkoutsession',
            name='event_count',
            field=models.IntegerField(default=0, help_text='The running number of its last event.'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside shops that go on selling: the column comes without a rewrite of the table."""

    dependencies = [
        ('sessions_app', '0039_announcements_by_network'),
    ]

    operations = [
        migrations.AddField(
            model_name='checkoutsession',
            name='buyer_language',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='What the buyer chose to read.', max_length=16),
        ),
    ]

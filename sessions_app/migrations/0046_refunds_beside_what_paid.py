from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside shops that go on selling: the column comes without a rewrite of the table."""

    dependencies = [
        ('sessions_app', '0045_announcements_asked_about'),
    ]

    operations = [
        migrations.AddField(
            model_name='refund',
            name='is_beside_what_paid',
            field=models.BooleanField(db_default=False, default=False, help_text='It was withdrawn when the order was paid, and seen all the same: it takes nothing from what paid.'),
        ),
    ]

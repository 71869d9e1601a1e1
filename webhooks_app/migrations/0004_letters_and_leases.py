from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns whose defaults PostgreSQL keeps in its catalogue: no row is rewritten."""

    dependencies = [
        ('webhooks_app', '0003_event_written_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='leased',
            field=models.BooleanField(db_default=False, help_text="Until its next attempt's time: it is on its way."),
        ),
        migrations.AddField(
            model_name='webhookendpoint',
            name='catching_up_since',
            field=models.DateTimeField(editable=False, help_text='Switched on; what failed for good since then is still to be sent again.', null=True),
        ),
        migrations.AddField(
            model_name='webhookendpoint',
            name='letter_due',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='Which one its owners must get.', max_length=40),
        ),
    ]

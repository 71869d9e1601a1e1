import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Every new event pays for checks of what only our own code writes, and for locks on rows that all of a shop share."""

    dependencies = [
        ('merchants_app', '0005_a_year_at_most'),
        ('webhooks_app', '0005_deliveries_that_failed'),
    ]

    operations = [
        migrations.AlterField(
            model_name='delivery',
            name='attempts_made',
            field=models.SmallIntegerField(default=0, help_text='Tries since it was last (re)sent.'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='endpoint',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='webhooks_app.webhookendpoint'),
        ),
        migrations.AlterField(
            model_name='event',
            name='merchant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants_app.merchant'),
        ),
        migrations.AlterField(
            model_name='event',
            name='subject_sequence',
            field=models.IntegerField(help_text="The subject's running number, from 1 without a gap."),
        ),
    ]

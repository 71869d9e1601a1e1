import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is dropped in chunks is not compared with each other's rows."""

    dependencies = [
        ('webhooks_app', '0004_events_of_rare_types'),
    ]

    operations = [
        migrations.AlterField(
            model_name='delivery',
            name='event',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='webhooks_app.event'),
        ),
        migrations.AlterField(
            model_name='deliveryattempt',
            name='delivery',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='webhooks_app.delivery'),
        ),
    ]

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chains_app", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="scancursor",
            name="block_hash",
            field=models.CharField(blank=True, help_text="Empty while nothing was read yet.", max_length=66),
        ),
        migrations.AddField(
            model_name="sandboxtransfer",
            name="sent_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="sandboxtransfer",
            name="drop_at",
            field=models.DateTimeField(
                help_text="Gone from then on: out of the waiting room, or off the chain by a reorg.", null=True
            ),
        ),
    ]

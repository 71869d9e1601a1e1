import common.public_ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Another refund address than the first one waits for a code from the buyer's mailbox."""

    dependencies = [
        ('sessions_app', '0015_stock_held_for_minutes'),
    ]

    operations = [
        migrations.CreateModel(
            name='AddressChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=common.public_ids.new_address_change_id, editable=False, max_length=40, unique=True)),
                ('former', models.CharField(blank=True, help_text='Empty: none was left before.', max_length=42)),
                ('address', models.CharField(help_text='EIP-55 checksummed.', max_length=42)),
                ('code_digest', models.CharField(blank=True, help_text='Empty: no code of it holds.', max_length=64)),
                ('tries', models.PositiveSmallIntegerField(default=0, help_text='How many codes were tried.')),
                ('asked_at', models.DateTimeField()),
                ('taken_at', models.DateTimeField(help_text='When the right code came; null: it waits, or nobody knew it.', null=True)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='address_changes', to='sessions_app.checkoutsession')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('tries__lte', 5)), name='address_codes_are_tried_few_times')],
            },
        ),
    ]

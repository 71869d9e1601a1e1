from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling: its readers have one index or the other at any time."""

    atomic = False

    dependencies = [
        ('sessions_app', '0044_customers_sorted'),
    ]

    operations = [
        migrations.AlterField(
            model_name='announcement',
            name='fate',
            field=models.CharField(
                blank=True,
                choices=[
                    ('taken_back', "undone, by the word of the buyer's wallet: the nodes may say otherwise"),
                    ('set_aside', "another one of its sender's has its place, by the word of the buyer's wallet"),
                    ('unknown', 'no node knows it'),
                    ('waiting', 'in no block that counts yet'),
                    ('done', 'in a block for good: what it paid is seen as any payment'),
                    ('reverted', 'in a block for good, and undone: it paid nothing'),
                    ('replaced', "another one of its sender's has its place"),
                ],
                db_default='',
                help_text='Empty: nobody has asked the network yet.',
                max_length=10,
            ),
        ),
        AddIndexOnce(
            model_name='announcement',
            index=models.Index(
                fields=['network', 'at'],
                name='announcements_asked_about',
                condition=models.Q(
                    ('fate__in', ['done', 'replaced', 'reverted']), ('fate_of', models.F('tx_hash')), _negated=True
                ),
            ),
        ),
        RemoveIndexConcurrently(model_name='announcement', name='announcements_by_network'),
    ]

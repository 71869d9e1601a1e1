from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling; each new index is there before the one goes that it stands for."""

    atomic = False

    dependencies = [
        ('sessions_app', '0027_book_sums'),
    ]

    operations = [
        AddIndexOnce(
            model_name='bookline',
            index=models.Index(condition=models.Q(('session', None)), fields=['network', 'tx_hash'], name='book_lines_of_fees'),
        ),
        AddIndexOnce(
            model_name='bookline',
            index=models.Index(condition=models.Q(('kind__in', ['collected', 'collection_taken_back']), models.Q(('tx_hash', ''), _negated=True)), fields=['merchant', 'mode', '-at'], include=('tx_hash',), name='book_lines_of_collections'),
        ),
        AddIndexOnce(
            model_name='checkoutsession',
            index=models.Index(fields=['merchant', 'mode', 'created_at'], include=('opened_at', 'quote', 'completed_at'), name='sessions_on_their_way'),
        ),
        AddIndexOnce(
            model_name='checkoutsession',
            index=models.Index(condition=models.Q(('payment_link__isnull', False)), fields=['payment_link', '-id'], include=('status', 'amount', 'completed_at'), name='sessions_by_link'),
        ),
        AddIndexOnce(
            model_name='depositaddress',
            index=models.Index(condition=models.Q(('made_for', ''), _negated=True), fields=['session'], name='deposits_of_several'),
        ),
        AddIndexOnce(
            model_name='payment',
            index=models.Index(condition=models.Q(('collected_at', None), ('confirmed_at__isnull', False), ('vanished_at', None)), fields=['merchant', 'mode', 'arrived_at', 'id'], include=('network', 'asset', 'amount_units', 'session', 'collected_tx'), name='payments_uncollected'),
        ),
        AddIndexOnce(
            model_name='payment',
            index=models.Index(condition=models.Q(('vanished_at__isnull', False)), fields=['merchant', 'mode', 'arrived_at', 'id'], name='payments_taken_back'),
        ),
        AddIndexOnce(
            model_name='payment',
            index=models.Index(condition=models.Q(('counts', False)), fields=['merchant', 'mode', 'arrived_at', 'id'], name='payments_not_counted'),
        ),
        RemoveIndexConcurrently(model_name='checkoutsession', name='sessions_by_creation'),
        RemoveIndexConcurrently(model_name='checkoutsession', name='sessions_of_a_link'),
        RemoveIndexConcurrently(model_name='payment', name='payments_waiting'),
    ]

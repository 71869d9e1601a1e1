from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce


class Migration(migrations.Migration):
    """Letters of another kind; the index is made beside shops that go on selling."""

    atomic = False

    dependencies = [
        ('sessions_app', '0024_payments_waiting'),
    ]

    operations = [
        migrations.AlterField(
            model_name='letter',
            name='kind',
            field=models.CharField(choices=[('asked_to_pay', 'Please pay: the link'), ('receipt', 'Paid: the receipt'), ('taken_back', 'The network took the payment back: the receipt does not hold'), ('restored', 'The payment is there again: the receipt holds'), ('expired', 'The time is over, and money is here'), ('refund_where', 'Where shall a refund go?'), ('refund_sent', 'A refund is on its way'), ('refund_done', 'A refund is final'), ('refund_undone', 'The network took a refund back that was final'), ('refund_address', 'Another refund address was left')], max_length=20),
        ),
        AddIndexOnce(
            model_name='letter',
            index=models.Index(condition=models.Q(('kind', 'asked_to_pay')), fields=['owed_at'], name='letters_asking_to_pay'),
        ),
    ]

from django.db import migrations

from common.postgresql.chunking import closed, in_chunks


class Migration(migrations.Migration):
    """Beside senders that go on sending."""

    atomic = False

    dependencies = [
        ('webhooks_app', '0005_without_constraints'),
    ]

    operations = [
        in_chunks('webhooks_app_event'),
        in_chunks('webhooks_app_delivery', key='event_id', follows='webhooks_app_event'),
        closed('webhooks_app_event', 'webhooks_app_delivery'),
        in_chunks('webhooks_app_deliveryattempt'),
        closed('webhooks_app_deliveryattempt'),
    ]

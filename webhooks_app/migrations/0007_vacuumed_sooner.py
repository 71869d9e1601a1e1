from django.db import migrations

from common.postgresql.migrating import stored_with


class Migration(migrations.Migration):
    """Each delivery is written anew when it is claimed and when it is reported, and what it was stays in the index that
    the next claims go through. Autovacuum waits for a fifth of a table by itself: 400,000 dead rows in a million.
    """

    dependencies = [
        ('webhooks_app', '0006_in_chunks'),
    ]

    operations = [
        stored_with('webhooks_app_delivery', autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000),
    ]

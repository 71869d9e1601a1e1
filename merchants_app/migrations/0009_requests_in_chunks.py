from django.db import migrations

from common.postgresql.chunking import closed, in_chunks


class Migration(migrations.Migration):
    """Beside servers that go on answering."""

    atomic = False

    dependencies = [
        ('merchants_app', '0008_buyer_letters'),
    ]

    operations = [
        in_chunks('merchants_app_loggedrequest'),
        closed('merchants_app_loggedrequest'),
    ]

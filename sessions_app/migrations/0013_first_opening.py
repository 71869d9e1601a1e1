from django.db import migrations, models

from common.postgresql.migrating import column_once


class Migration(migrations.Migration):
    """Beside shops that go on selling: the column comes without a rewrite of the table."""

    atomic = False

    dependencies = [
        ('sessions_app', '0012_payments_know_their_business'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='checkoutsession',
                    name='opened_at',
                    field=models.DateTimeField(editable=False, help_text='When its page was first looked at.', null=True),
                ),
            ],
            database_operations=[
                column_once('sessions_app_checkoutsession', 'opened_at', 'timestamp with time zone NULL'),
            ],
        ),
    ]

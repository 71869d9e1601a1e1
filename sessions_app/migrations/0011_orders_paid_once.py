from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce, column_once


class Migration(migrations.Migration):
    """Beside shops that go on selling: both columns come without a rewrite of the table."""

    atomic = False

    dependencies = [
        ('sessions_app', '0010_indexes_as_asked'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='checkoutsession',
                    name='order_paid_by',
                    field=models.CharField(editable=False, help_text='The session that paid for its reference already.', max_length=40, null=True),
                ),
                migrations.AddField(
                    model_name='checkoutsession',
                    name='others_wait',
                    field=models.BooleanField(db_default=False, default=False, editable=False, help_text='It is paid, and the others of its reference are not told yet.'),
                ),
            ],
            database_operations=[
                column_once('sessions_app_checkoutsession', 'order_paid_by', 'varchar(40) NULL'),
                column_once('sessions_app_checkoutsession', 'others_wait', 'boolean DEFAULT false NOT NULL'),
            ],
        ),
        AddIndexOnce(
            model_name='checkoutsession',
            index=models.Index(condition=models.Q(('others_wait', True)), fields=['id'], name='sessions_others_wait_for'),
        ),
    ]

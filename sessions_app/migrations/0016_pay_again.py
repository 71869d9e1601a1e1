from django.db import migrations, models

from common.postgresql.migrating import column_once


class Migration(migrations.Migration):
    """Beside shops that go on selling: the column comes without a rewrite of the table."""

    atomic = False

    dependencies = [
        ('sessions_app', '0015_rules_copied'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='checkoutsession',
                    name='allow_pay_again',
                    field=models.BooleanField(db_default=False, default=False, editable=False, help_text="Whether its buyer may pay again when it ended unpaid. Of a payment link's everybody may."),
                ),
            ],
            database_operations=[
                column_once('sessions_app_checkoutsession', 'allow_pay_again', 'boolean NOT NULL DEFAULT FALSE'),
            ],
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models

from common.postgresql.migrating import AddIndexOnce, column_once

_AT_ONCE = 20_000

# As of payments, in 0012.
_WRITTEN_BY_THE_DATABASE = """
CREATE OR REPLACE FUNCTION write_business_of_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT COALESCE(session.merchant_id, NEW.merchant_id), COALESCE(session.mode, NEW.mode)
    INTO NEW.merchant_id, NEW.mode
    FROM (SELECT) AS one LEFT JOIN sessions_app_checkoutsession AS session ON session.id = NEW.session_id;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER business_of_refund
BEFORE INSERT OR UPDATE OF session_id, merchant_id, mode ON sessions_app_refund
FOR EACH ROW EXECUTE FUNCTION write_business_of_refund()
"""
_NO_LONGER = """
DROP TRIGGER IF EXISTS business_of_refund ON sessions_app_refund;
DROP FUNCTION IF EXISTS write_business_of_refund()
"""


def write_those_of_before(apps, schema_editor):
    """A few at a time, each a transaction of its own, so that nobody waits long for a row. The trigger knows what."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute('SELECT min(id), max(id) FROM sessions_app_refund WHERE mode IS NULL')
        first, last = cursor.fetchone()
        for each in range(first or 0, (last or 0) + 1, _AT_ONCE):
            cursor.execute(
                'UPDATE sessions_app_refund SET mode = NULL WHERE id >= %s AND id < %s AND mode IS NULL',
                [each, each + _AT_ONCE],
            )


def constraint_once(name, definition):
    """It holds for new rows at once; those of before are looked at without a lock that writers wait for."""
    return [
        migrations.RunSQL(
            f"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '{name}') THEN
                    ALTER TABLE sessions_app_refund ADD CONSTRAINT {name} {definition} NOT VALID;
                END IF;
            END $$
            """,
            f'ALTER TABLE sessions_app_refund DROP CONSTRAINT IF EXISTS {name}',
        ),
        migrations.RunSQL(f'ALTER TABLE sessions_app_refund VALIDATE CONSTRAINT {name}', migrations.RunSQL.noop),
    ]


class Migration(migrations.Migration):
    """Beside shops that go on selling, and beside processes of the version before: they name neither column."""

    atomic = False

    dependencies = [
        ('merchants_app', '0004_reckoning'),
        ('sessions_app', '0040_language_of_the_buyer'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='refund',
                    name='merchant',
                    field=models.ForeignKey(db_index=False, editable=False, help_text="Its session's.", on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants_app.merchant'),
                    preserve_default=False,
                ),
                migrations.AddField(
                    model_name='refund',
                    name='mode',
                    field=models.CharField(choices=[('test', 'Test'), ('live', 'Live')], editable=False, help_text="Its session's.", max_length=4),
                    preserve_default=False,
                ),
            ],
            database_operations=[
                column_once('sessions_app_refund', 'merchant_id', 'bigint NULL'),
                column_once('sessions_app_refund', 'mode', 'varchar(4) NULL'),
                migrations.RunSQL(_WRITTEN_BY_THE_DATABASE, _NO_LONGER),
                migrations.RunPython(write_those_of_before, migrations.RunPython.noop),
                *constraint_once(
                    'refunds_have_a_business', 'CHECK (merchant_id IS NOT NULL AND mode IS NOT NULL)'
                ),
                # What the constraint above has shown is not looked for again, so both are quick.
                migrations.RunSQL(
                    'ALTER TABLE sessions_app_refund ALTER merchant_id SET NOT NULL, ALTER mode SET NOT NULL',
                    'ALTER TABLE sessions_app_refund ALTER merchant_id DROP NOT NULL, ALTER mode DROP NOT NULL',
                ),
                migrations.RunSQL(
                    'ALTER TABLE sessions_app_refund DROP CONSTRAINT refunds_have_a_business', migrations.RunSQL.noop
                ),
                *constraint_once(
                    'refunds_of_a_business',
                    'FOREIGN KEY (merchant_id) REFERENCES merchants_app_merchant (id) DEFERRABLE INITIALLY DEFERRED',
                ),
            ],
        ),
        AddIndexOnce(
            model_name='refund',
            index=models.Index(fields=['merchant', 'mode', '-id'], name='refunds_by_business'),
        ),
        AddIndexOnce(
            model_name='refund',
            index=models.Index(condition=models.Q(('status__in', ['waiting_for_address', 'prepared'])), fields=['merchant', 'mode', '-id'], name='refunds_not_yet_sent'),
        ),
    ]

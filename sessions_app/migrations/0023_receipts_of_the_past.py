from django.db import migrations

_AT_ONCE = 5_000

# The address is made as `receipt_token` makes it. What is written here is signed by the job, a batch at a time.
_BEGIN = """
INSERT INTO sessions_app_receipt (session_id, token, signed)
SELECT id, 'rc_' || left(encode(sha256(convert_to('receipt:' || page_token, 'UTF8')), 'hex'), 32), ''
FROM sessions_app_checkoutsession WHERE status = 'completed' AND id >= %s AND id < %s
ON CONFLICT DO NOTHING
"""


def begin(apps, schema_editor):
    """A few at a time, each a transaction of its own: the foreign key holds their sessions until it ends."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute('SELECT min(id), max(id) FROM sessions_app_checkoutsession')
        first, last = cursor.fetchone()
        for each in range(first or 0, (last or 0) + 1, _AT_ONCE):
            cursor.execute(_BEGIN, [each, each + _AT_ONCE])


class Migration(migrations.Migration):
    """What was paid before there were receipts gets one, too."""

    atomic = False

    dependencies = [
        ('sessions_app', '0022_letters_and_receipts'),
    ]

    operations = [
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]

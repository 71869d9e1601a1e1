from django.db import migrations

# The address is made as `receipt_token` makes it. What is written here is signed by the job, a batch at a time.
_BEGIN = """
INSERT INTO sessions_app_receipt (session_id, token, signed)
SELECT id, 'rc_' || left(encode(sha256(convert_to('receipt:' || page_token, 'UTF8')), 'hex'), 32), ''
FROM sessions_app_checkoutsession WHERE status = 'completed'
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    """What was paid before there were receipts gets one, too."""

    dependencies = [
        ('sessions_app', '0022_letters_and_receipts'),
    ]

    operations = [
        migrations.RunSQL(_BEGIN, migrations.RunSQL.noop),
    ]

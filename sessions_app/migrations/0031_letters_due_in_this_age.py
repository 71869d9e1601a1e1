from django.db import migrations


class Migration(migrations.Migration):
    """Letters that wait and that time in test mode had moved far back, some out of all calendars that Python knows."""

    dependencies = [
        ('sessions_app', '0030_lists_of_operators'),
    ]

    operations = [
        migrations.RunSQL(
            """
            UPDATE sessions_app_letter SET due_at = now(), owed_at = greatest(owed_at, '2020-01-01')
            WHERE outcome = '' AND due_at < '2020-01-01'
            """,
            migrations.RunSQL.noop,
        ),
    ]

from django.db import migrations


class Migration(migrations.Migration):
    """Time that a business lets pass in test mode moves what waits to now at the earliest. Rows that were moved farther
    back, some out of all calendars that Python knows, wait since now.
    """

    dependencies = [
        ('webhooks_app', '0007_vacuumed_sooner'),
    ]

    operations = [
        migrations.RunSQL(
            """
            UPDATE webhooks_app_delivery SET next_attempt_at = now()
            WHERE state = 'pending' AND next_attempt_at < '2020-01-01'
            """,
            migrations.RunSQL.noop,
        ),
    ]

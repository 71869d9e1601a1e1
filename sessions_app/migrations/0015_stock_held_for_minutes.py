from django.db import migrations, models


class Migration(migrations.Migration):
    """Pieces of a link's stock are held by who picked an asset. Who has done so lately keeps theirs."""

    dependencies = [
        ("sessions_app", "0014_page_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="checkoutsession",
            name="held_until",
            field=models.DateTimeField(
                help_text="While it is open and unpaid, it holds a piece of its link's stock until then.", null=True
            ),
        ),
        migrations.RunSQL(
            """
            UPDATE sessions_app_checkoutsession AS session SET held_until = quote.valid_until + interval '2 minutes'
            FROM sessions_app_quote AS quote
            WHERE quote.id = session.quote_id AND session.payment_link_id IS NOT NULL AND session.status = 'open'
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]

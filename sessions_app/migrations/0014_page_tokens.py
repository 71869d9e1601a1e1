from django.db import migrations, models

import common.public_ids


class Migration(migrations.Migration):
    """Pages get an address of their own. Sessions that are there keep theirs, the id: buyers hold it already."""

    dependencies = [
        ("sessions_app", "0013_fewer_constraints"),
    ]

    operations = [
        migrations.AddField(
            model_name="checkoutsession",
            name="page_token",
            field=models.CharField(editable=False, max_length=40, null=True),
        ),
        migrations.RunSQL(
            "UPDATE sessions_app_checkoutsession SET page_token = public_id", reverse_sql=migrations.RunSQL.noop
        ),
        migrations.AlterField(
            model_name="checkoutsession",
            name="page_token",
            field=models.CharField(
                default=common.public_ids.new_page_token,
                editable=False,
                help_text="The secret in the buyer's page's address.",
                max_length=40,
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutsession",
            constraint=models.UniqueConstraint(fields=("page_token",), name="page_tokens_are_unique"),
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models

_NO_TRIGGER = """
DROP TRIGGER treasury_stays ON merchants_app_treasury;
DROP FUNCTION merchants_app_treasury_stays();
"""


class Migration(migrations.Migration):
    """The database itself says that a session has its business and its treasury, and a timeline its session.

    The trigger that stood in for the treasury's key goes once that is there.
    """

    dependencies = [
        ("merchants_app", "0015_encrypt_second_factors"),
        ("sessions_app", "0018_erased_customers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="checkoutsession",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="merchants_app.merchant",
            ),
        ),
        migrations.AlterField(
            model_name="checkoutsession",
            name="treasury",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="merchants_app.treasury",
            ),
        ),
        migrations.AlterField(
            model_name="statuschange",
            name="session",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="timeline", to="sessions_app.checkoutsession"
            ),
        ),
        migrations.RunSQL(_NO_TRIGGER, migrations.RunSQL.noop),
    ]

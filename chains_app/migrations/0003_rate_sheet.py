from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chains_app", "0002_sent_at")]

    operations = [
        migrations.CreateModel(
            name="RateSheet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("taken_at", models.DateTimeField(db_index=True)),
                (
                    "readings",
                    models.JSONField(help_text="[{source, pair, value, at}], at most 5 minutes old when taken."),
                ),
                (
                    "anchors",
                    models.JSONField(help_text="By pair, {value, at}: the last price known to be right."),
                ),
                (
                    "problems",
                    models.JSONField(help_text="By source, what went wrong; empty when nothing did."),
                ),
            ],
            options={"get_latest_by": "taken_at"},
        ),
    ]

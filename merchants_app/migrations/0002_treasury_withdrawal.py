from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("merchants_app", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="treasury",
            name="created_by",
            field=models.CharField(blank=True, help_text="Who set it.", max_length=200),
        ),
        migrations.AddField(
            model_name="treasury",
            name="withdrawn_at",
            field=models.DateTimeField(
                help_text="When it was taken back before it began; it never began then.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="treasury",
            index=models.Index(
                condition=models.Q(("withdrawn_at", None)),
                fields=["merchant", "mode", "-active_from", "-id"],
                name="treasury_in_force",
            ),
        ),
    ]

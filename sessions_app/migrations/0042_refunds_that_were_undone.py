from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside shops that go on selling: the column comes without a rewrite of the table."""

    dependencies = [
        ('sessions_app', '0041_refunds_know_their_business'),
    ]

    operations = [
        migrations.AddField(
            model_name='refund',
            name='undone_at',
            field=models.DateTimeField(help_text='When the network took back what it had shown; null: it did not, or shows it again.', null=True),
        ),
    ]

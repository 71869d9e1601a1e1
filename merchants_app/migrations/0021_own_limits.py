from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants_app', '0020_xpubs_have_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='merchant',
            name='calls_a_minute',
            field=models.PositiveIntegerField(editable=False, help_text='API calls in a minute by all its keys together; null: RATE_LIMIT_PER_KEY, by each.', null=True),
        ),
        migrations.AddField(
            model_name='merchant',
            name='letters_a_day',
            field=models.PositiveIntegerField(editable=False, help_text='Letters in 24 hours that ask its buyers to pay; null: 100.', null=True),
        ),
    ]

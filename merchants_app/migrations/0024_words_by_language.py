from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants_app', '0023_languages_on_offer'),
    ]

    operations = [
        migrations.AddField(
            model_name='merchant',
            name='own_words',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='By language and field, what buyers who read that language are told instead.'),
        ),
    ]

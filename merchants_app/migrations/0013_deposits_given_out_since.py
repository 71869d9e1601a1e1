from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants_app', '0012_receipt_details'),
    ]

    operations = [
        migrations.AddField(
            model_name='installation',
            name='not_reused',
            field=models.BigIntegerField(db_default=0, default=0, help_text='Deposit contracts up to this number serve no further session: the database went back in time, and whom they were given to since is not known.'),
        ),
    ]

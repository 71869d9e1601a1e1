from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_app', '0037_checked_refunds'),
    ]

    operations = [
        migrations.AddField(
            model_name='announcement',
            name='fate',
            field=models.CharField(blank=True, choices=[('taken_back', "undone, by the word of the buyer's wallet: the nodes may say otherwise"), ('unknown', 'no node knows it'), ('waiting', 'in no block that counts yet'), ('done', 'in a block for good: what it paid is seen as any payment'), ('reverted', 'in a block for good, and undone: it paid nothing'), ('replaced', "another one of its sender's has its place")], db_default='', help_text='Empty: nobody has asked the network yet.', max_length=10),
        ),
        migrations.AddField(
            model_name='announcement',
            name='fate_of',
            field=models.CharField(blank=True, db_default='', help_text='The hash that the fate is of.', max_length=66),
        ),
        migrations.AddField(
            model_name='announcement',
            name='nonce',
            field=models.BigIntegerField(help_text="The sender's number of it: another one may take its place.", null=True),
        ),
        migrations.AddField(
            model_name='announcement',
            name='sender',
            field=models.CharField(blank=True, db_default='', help_text='Whose it is, once a node has told.', max_length=42),
        ),
    ]

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """One index for a buyer's sessions instead of two, and three constraints less that every new session pays for."""

    # Creates and drops go beside a running shop only outside a transaction.
    atomic = False

    dependencies = [
        ('merchants_app', '0007_treasuries_stay'),
        ('sessions_app', '0012_fewer_checks'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='checkoutsession',
            index=models.Index(fields=['customer', '-id'], name='sessions_of_a_customer'),
        ),
        RemoveIndexConcurrently(
            model_name='checkoutsession',
            name='sessions_by_email',
        ),
        migrations.AlterField(
            model_name='checkoutsession',
            name='customer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='sessions_app.customer'),
        ),
        migrations.AlterField(
            model_name='checkoutsession',
            name='merchant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='merchants_app.merchant'),
        ),
        migrations.AlterField(
            model_name='checkoutsession',
            name='treasury',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants_app.treasury'),
        ),
        migrations.AlterField(
            model_name='statuschange',
            name='session',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='timeline', to='sessions_app.checkoutsession'),
        ),
    ]

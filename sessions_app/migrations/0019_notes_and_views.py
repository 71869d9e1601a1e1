import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants_app', '0004_reckoning'),
        ('sessions_app', '0018_signed_payments'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('test', 'Test'), ('live', 'Live')], max_length=4)),
                ('of', models.CharField(choices=[('sessions', 'Sessions'), ('payments', 'Payments')], max_length=10)),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(blank=True, help_text='What stands behind the ? of the list\'s address.', max_length=2000)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='views', to='merchants_app.member')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('member', 'mode', 'of', 'name'), name='views_have_names_of_their_own')],
            },
        ),
        migrations.CreateModel(
            name='SessionNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author', models.CharField(max_length=200)),
                ('text', models.CharField(max_length=2000)),
                ('written_at', models.DateTimeField()),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='sessions_app.checkoutsession')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models

_SUMMED = """
INSERT INTO sessions_app_booksum (
    merchant_id, mode, booked_on, kind, network, asset, decimals, currency, reporting_currency,
    amount_units, reporting_value, lines, unknown, is_loose
)
SELECT merchant_id, mode, booked_on, kind, network, asset, decimals, currency, reporting_currency, sum(amount_units),
    coalesce(sum(reporting_value), 0), count(*), count(*) FILTER (WHERE reporting_value IS NULL), true
FROM {lines} GROUP BY merchant_id, mode, booked_on, kind, network, asset, decimals, currency, reporting_currency
"""
_SUM_UP = f"""
CREATE FUNCTION sessions_app_sum_book_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_SUMMED.format(lines="written")};
    RETURN NULL;
END $$
"""
# Nearly all of before is summed while others go on booking; for the trigger they wait, and for the rest. Of what an
# hour ago was the last line, no transaction can still hold back an earlier one.
_SUM_UP_THOSE_OF_BEFORE = f"""
DO $$
DECLARE
    settled bigint;
BEGIN
    SELECT coalesce(max(id), 0) INTO settled FROM sessions_app_bookline WHERE written_at < now() - interval '1 hour';
    {_SUMMED.format(lines="sessions_app_bookline WHERE id <= settled")};
    CREATE TRIGGER book_lines_summed AFTER INSERT ON sessions_app_bookline
        REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION sessions_app_sum_book_lines();
    {_SUMMED.format(lines="sessions_app_bookline WHERE id > settled")};
END $$
"""
_NO_LONGER = """
DROP TRIGGER book_lines_summed ON sessions_app_bookline;
DROP FUNCTION sessions_app_sum_book_lines()
"""
_KEY = ['merchant', 'mode', 'booked_on', 'kind', 'network', 'asset', 'decimals', 'currency', 'reporting_currency']


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_app', '0026_vacuumed_sooner'),
    ]

    operations = [
        migrations.CreateModel(
            name='BookSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('test', 'Test'), ('live', 'Live')], max_length=4)),
                ('booked_on', models.DateField()),
                ('kind', models.CharField(choices=[('received', 'Received'), ('taken_back', 'Taken back'), ('collected', 'Collected'), ('collection_taken_back', 'Collection taken back'), ('refunded', 'Refunded'), ('refund_taken_back', 'Refund taken back'), ('network_fee', 'Network fee'), ('fee_taken_back', 'Network fee taken back')], max_length=21)),
                ('network', models.CharField(max_length=32)),
                ('asset', models.CharField(max_length=16)),
                ('decimals', models.PositiveSmallIntegerField()),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('reporting_currency', models.CharField(max_length=3)),
                ('amount_units', models.DecimalField(decimal_places=0, max_digits=120)),
                ('reporting_value', models.DecimalField(decimal_places=18, help_text='Of those whose worth is known.', max_digits=140)),
                ('lines', models.PositiveIntegerField()),
                ('unknown', models.PositiveIntegerField(help_text='How many of them are of no known worth.')),
                ('is_loose', models.BooleanField(help_text='To be added to the one of its kind.')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants_app.merchant')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['merchant', 'mode', 'booked_on'], name='book_sums_by_day'),
                    models.Index(condition=models.Q(('is_loose', True)), fields=['id'], name='book_sums_loose'),
                ],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('is_loose', False)), fields=_KEY, name='book_sums_are_added_up'),
                ],
            },
        ),
        migrations.RunSQL(_SUM_UP, migrations.RunSQL.noop),
        migrations.RunSQL(_SUM_UP_THOSE_OF_BEFORE, _NO_LONGER),
    ]

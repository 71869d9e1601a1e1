import django.db.models.deletion
from django.db import migrations, models

# Processes of the version before go on beside this one, and may be started again. They know no accounts and count in the
# treasury's row: so its account is found here, and what they count is counted there. The next version may take this
# away, and the column with it. What makes the addresses, chain code and key, are the last 65 of the 78 bytes that an
# xpub stands for, before a checksum of four (BIP-32).
_BESIDE_THE_VERSION_BEFORE = """
CREATE FUNCTION merchants_app_xpub_fingerprint(xpub text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    number numeric := 0;
    bytes bytea := decode(repeat('00', 65), 'hex');
BEGIN
    FOR place IN 1..length(xpub) LOOP
        number := number * 58 - 1
            + strpos('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', substr(xpub, place, 1));
    END LOOP;
    number := div(number, 4294967296);
    FOR place IN REVERSE 64..0 LOOP
        bytes := set_byte(bytes, place, mod(number, 256)::int);
        number := div(number, 256);
    END LOOP;
    RETURN encode(sha256(bytes), 'hex');
END $$;
CREATE FUNCTION merchants_app_count_in_xpub_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.account_id IS NULL THEN
        INSERT INTO merchants_app_xpubaccount AS known (fingerprint, merchant_id, mode, next_index)
        VALUES (merchants_app_xpub_fingerprint(NEW.xpub), NEW.merchant_id, NEW.mode, NEW.next_index)
        ON CONFLICT (fingerprint) DO UPDATE SET next_index = greatest(known.next_index, EXCLUDED.next_index)
        RETURNING id INTO NEW.account_id;
    ELSIF TG_OP = 'UPDATE' AND NEW.next_index <> OLD.next_index THEN
        UPDATE merchants_app_xpubaccount SET next_index = next_index + NEW.next_index - OLD.next_index
        WHERE id = NEW.account_id RETURNING next_index INTO NEW.next_index;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER xpub_account_of_treasury BEFORE INSERT OR UPDATE OF xpub, next_index ON merchants_app_treasury
FOR EACH ROW WHEN (NEW.xpub <> '') EXECUTE FUNCTION merchants_app_count_in_xpub_account()
"""
_NO_LONGER = """
DROP TRIGGER xpub_account_of_treasury ON merchants_app_treasury;
DROP FUNCTION merchants_app_count_in_xpub_account();
DROP FUNCTION merchants_app_xpub_fingerprint(text)
"""
# Oldest first: the account is its who named it first. Should two have named it at once, they share its count from now on.
_THOSE_OF_BEFORE = """
DO $$
DECLARE
    one bigint;
BEGIN
    FOR one IN SELECT id FROM merchants_app_treasury WHERE kind = 'xpub' ORDER BY id LOOP
        UPDATE merchants_app_treasury SET xpub = xpub WHERE id = one;
    END LOOP;
END $$
"""
# The version before knows an account by its xpub's letters alone: of two spellings one stays, or each would count apart.
_COUNTED_IN_TREASURIES = """
UPDATE merchants_app_treasury SET next_index = account.next_index,
    xpub = (SELECT first.xpub FROM merchants_app_treasury AS first WHERE first.account_id = account.id ORDER BY id LIMIT 1)
FROM merchants_app_xpubaccount AS account WHERE account.id = account_id
"""


class Migration(migrations.Migration):
    """Beside shops that go on selling: what they draw an address from has one count at every moment."""

    dependencies = [
        ('merchants_app', '0018_months_closed_to'),
    ]

    operations = [
        migrations.CreateModel(
            name='XpubAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(help_text='Of what makes its addresses, however its xpub is spelled.', max_length=64, unique=True)),
                ('mode', models.CharField(choices=[('test', 'Test'), ('live', 'Live')], max_length=4)),
                ('next_index', models.PositiveBigIntegerField(default=0, help_text='The next unused address of it.')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants_app.merchant')),
            ],
        ),
        migrations.AddField(
            model_name='treasury',
            name='account',
            field=models.ForeignKey(db_index=False, help_text='Of the xpub.', null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='merchants_app.xpubaccount'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name='treasury', name='next_index'),
            ],
            database_operations=[
                migrations.RunSQL(
                    'ALTER TABLE merchants_app_treasury ALTER next_index SET DEFAULT 0',
                    'ALTER TABLE merchants_app_treasury ALTER next_index DROP DEFAULT',
                ),
            ],
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _COUNTED_IN_TREASURIES),
        migrations.RunSQL(_BESIDE_THE_VERSION_BEFORE, _NO_LONGER),
        migrations.RunSQL(_THOSE_OF_BEFORE, migrations.RunSQL.noop),
    ]

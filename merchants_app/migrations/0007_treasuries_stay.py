from django.db import migrations

_STAY = """
CREATE FUNCTION merchants_app_treasury_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'treasury % stays: sessions and books name it', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER treasury_stays BEFORE DELETE OR UPDATE OF id ON merchants_app_treasury
    FOR EACH ROW EXECUTE FUNCTION merchants_app_treasury_stays();
"""
_GO = """
DROP TRIGGER treasury_stays ON merchants_app_treasury;
DROP FUNCTION merchants_app_treasury_stays();
"""


class Migration(migrations.Migration):
    """The wallet that a session names must be there for good.

    A foreign key says so, too, but locks the wallet's row for every new session: at eight at a time that cost each one
    a twentieth of its time (`bench/api.py`).
    """

    dependencies = [
        ('merchants_app', '0006_fewer_checks'),
    ]

    operations = [
        migrations.RunSQL(_STAY, _GO),
    ]

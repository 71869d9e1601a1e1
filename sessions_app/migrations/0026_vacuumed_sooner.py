from django.db import migrations

from common.postgresql.migrating import stored_with


class Migration(migrations.Migration):
    """A session is written anew several times within its half hour, and hardly ever after. By itself autovacuum waits
    for a fifth of all sessions ever: at ten million it would look at none for days, and counts by index would read the
    table meanwhile. What died lately lies close together at its end; so little of it is cleared without going through
    the indexes.
    """

    dependencies = [
        ('sessions_app', '0025_asking_to_pay'),
    ]

    operations = [
        stored_with(
            'sessions_app_checkoutsession',
            autovacuum_vacuum_scale_factor=0.02,
            autovacuum_vacuum_threshold=1000,
            autovacuum_analyze_scale_factor=0.02,
            autovacuum_analyze_threshold=1000,
        ),
    ]

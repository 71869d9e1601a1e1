"""`flush`, which Django calls after each test on connections of its own: by deleting, fast while little is there.

Django's own truncates each table and its indexes, and does again what follows upon `migrate`: half a second and more.
"""

from functools import cache
from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.db import connection, transaction
from typing_extensions import override

# What is written after `migrate`. No such test changes it.
_KEPT = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}

# A trigger refuses to delete rows of it.
_NEVER_DELETED = "sessions_app_bookline"


class Command(BaseCommand):
    """Takes the options of Django's, and needs none."""

    stealth_options = ("reset_sequences", "allow_cascade", "inhibit_post_migrate")

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default="default")
        parser.add_argument("--noinput", action="store_false", dest="interactive")

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        names = _emptied()
        # In one transaction, at whose end references are looked at: any order will do.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{_NEVER_DELETED}")')
            if cursor.fetchone() == (True,):
                cursor.execute(f'TRUNCATE "{_NEVER_DELETED}"')
            cursor.execute("; ".join(f'DELETE FROM "{name}"' for name in names))


@cache
def _emptied() -> list[str]:
    """Asked for once: no test that commits adds a table."""
    names = {*connection.introspection.django_table_names(only_existing=True, include_views=False)}
    return sorted(names - _KEPT - {_NEVER_DELETED})

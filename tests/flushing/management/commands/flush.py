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

# Who writes or empties all tables need not be asked at each row whether what it refers to is there: a third of a second
# of triggers a test. Nor whether it may be deleted at all.
WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica"


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
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("; ".join([WITHOUT_TRIGGERS, *(f'DELETE FROM "{name}"' for name in names)]))


@cache
def _emptied() -> list[str]:
    """Asked for once: no test that commits adds a table."""
    names = {*connection.introspection.django_table_names(only_existing=True, include_views=False)}
    return sorted(names - _KEPT)

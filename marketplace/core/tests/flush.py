"""The flush after a transactional test: what holds rows is emptied, and nothing else is touched.

Django's own truncates every table and sends `post_migrate` to every app, which here is most of a second for a test that
wrote five rows. What `post_migrate` makes (content types, permissions) is left in place instead.
"""

from functools import cache

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction

from marketplace.core import append_only

_LEFT_IN_PLACE = {ContentType._meta.db_table, Permission._meta.db_table}


@cache
def _tables(using: str) -> tuple[str, ...]:
    """The tables of all models, with those between many and many."""
    present = connections[using].introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(sorted(set(present) - _LEFT_IN_PLACE))


def tables_with_rows(using: str) -> list[str]:
    """Those of our tables that hold at least one row, by asking each once in one statement."""
    # Table names are our own models', never input.
    each = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM {0})"
    asked = " UNION ALL ".join(each.format(name) for name in _tables(using))
    with connections[using].cursor() as cursor:
        cursor.execute(asked)
        return [name for (name,) in cursor.fetchall()]


def flush(using: str) -> None:
    """Empty the database `using`, append-only tables as well; foreign keys are looked at once, at the end."""
    full = tables_with_rows(using)
    connection = connections[using]
    with transaction.atomic(using=using), append_only.lifted(using, only=full), connection.cursor() as cursor:
        for table in full:
            cursor.execute(f"DELETE FROM {table}")
        if connection.vendor == "postgresql":
            # Triggers come back on a table only when nothing is left to be checked on it.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

"""`manage.py grant_application_role NAME`: what the application may do on PostgreSQL, and nothing beyond."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from marketplace.core.append_only import protected_tables


class Command(BaseCommand):
    """Run as the owner of the tables, after each `migrate`; harmless twice."""

    help = (
        "Give an existing PostgreSQL role what the application needs: rows of every table, except that append-only "
        "tables are only read and added to. The role must be neither a superuser nor the owner of the tables."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("roles are PostgreSQL's; SQLite's file belongs to whoever may write it")
        role = options["role"]
        _expect_powerless(role)
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements(role):
                cursor.execute(statement)
        self.stdout.write(f"{role} may add to {', '.join(protected_tables())} and change every other table's rows")


def statements(role: str) -> list[str]:
    """The grants, the narrow ones last. Names are quoted; tables are our own models'."""
    quote = connection.ops.quote_name
    name = quote(role)
    written_once = ", ".join(quote(table) for table in protected_tables())
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {name}",
        f"REVOKE UPDATE, DELETE ON {written_once} FROM {name}",
        f"REVOKE INSERT, UPDATE, DELETE ON {quote('django_migrations')} FROM {name}",
        # Whoever may create here could put a function of the same name before ours.
        f"REVOKE CREATE ON SCHEMA public FROM {name}",
    ]


def _expect_powerless(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
        row = cursor.fetchone()
        if row is None:
            raise CommandError(f"there is no role {role}: CREATE ROLE {role} LOGIN PASSWORD '…'")
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relname = ANY (%s) AND pg_has_role(%s, relowner, 'MEMBER')",
            [protected_tables(), role],
        )
        owned = cursor.fetchone()[0]
    if row[0] or owned:
        raise CommandError(f"{role} is a superuser or owns the tables: triggers and grants do not bind it")

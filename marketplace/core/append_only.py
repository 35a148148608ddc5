"""Tables that are written once: a trigger refuses every change, on both engines.

A model is protected with `protect(Model)` in its app's `ready()`. Triggers are put in place after each
`migrate`, because Django's SQLite table rebuild drops them without a word; `core.checks` looks.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

_PROTECTED: list[type[models.Model]] = []

_VENDORS = frozenset({"postgresql", "sqlite"})
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


# PostgreSQL cuts names at 63 bytes; a cut trigger name would never be found again.
_LONGEST_TABLE_NAME = 63 - len("_append_only")


def protect(model: type[models.Model]) -> None:
    """Make the table of `model` append-only from the next `migrate` on; raises `ValueError` for too long a name."""
    if len(model._meta.db_table) > _LONGEST_TABLE_NAME:
        raise ValueError(f"{model._meta.db_table} is too long a name for an append-only table")
    if model not in _PROTECTED:
        _PROTECTED.append(model)


def protected_tables() -> list[str]:
    """The tables that must carry triggers."""
    return [model._meta.db_table for model in _PROTECTED]


def install_triggers(app_config: AppConfig | None = None, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Put the triggers in place (post_migrate; harmless twice)."""
    connection = connections[using]
    if connection.vendor not in _VENDORS:
        return
    # post_migrate comes once per app, in order: an app's tables exist when its own signal comes.
    present = set(connection.introspection.table_names())
    mine = [
        model._meta.db_table
        for model in _PROTECTED
        if model._meta.db_table in present and app_config in {None, apps.get_app_config(model._meta.app_label)}
    ]
    for table in mine:
        _install(connection, table)


def missing_triggers(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Protected tables that exist without their triggers."""
    connection = connections[using]
    if connection.vendor not in _VENDORS:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {row[0] for row in cursor.fetchall()}
    present = set(connection.introspection.table_names())
    return [table for table in protected_tables() if table in present and not set(_names(connection, table)) <= found]


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS, *, only: Collection[str] | None = None) -> Iterator[None]:
    """Without the triggers (of the tables `only`, or of all): only for the flush between tests."""
    connection = connections[using]
    present = set(connection.introspection.table_names()) if only is None else only
    tables = [table for table in protected_tables() if table in present]
    with connection.cursor() as cursor:
        for table in tables:
            for name in _names(connection, table):
                target = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{target}")
    try:
        yield
    finally:
        for table in tables:
            _install(connection, table)


def _names(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    if connection.vendor == "postgresql":
        return [f"{table}_append_only", f"{table}_no_truncate"]
    return [f"{table}_no_update", f"{table}_no_delete"]


def _install(connection: BaseDatabaseWrapper, table: str) -> None:
    # Table names are our own models', never input.
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            change, truncate = _names(connection, table)
            cursor.execute(_POSTGRES_FUNCTION)
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION core_refuse_change()"
            )
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER {truncate} BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
            )
            return
        for name, verb in zip(_names(connection, table), ("UPDATE", "DELETE"), strict=True):
            cursor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )

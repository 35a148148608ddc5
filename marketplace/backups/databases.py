"""The database as one file and back: SQLite by its own copying, PostgreSQL by `pg_dump` and `pg_restore`.

Both copy one moment, while the shop goes on: whoever is inside `one_moment` reads what the copy will hold.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction

from .manifest import BackupError

DUMPS: Final = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
Dump = Callable[[Path], None]


def dump_name() -> str:
    """What the copy is called in a backup's folder; by it the engine is known."""
    return DUMPS[connection.vendor]


@contextmanager
def one_moment() -> Iterator[Dump]:
    """Everything that is read inside, and the copy made by what is given, are of the same moment."""
    if connection.vendor == "sqlite":
        # The transaction holds the only place to write: nothing changes until the copy is made.
        with transaction.atomic():
            yield _copy_sqlite
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        yield lambda target: _pg("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}")


def load(source: Path) -> None:
    """The copy into the configured database. Raises `BackupError` unless that is empty."""
    if connection.introspection.table_names():
        raise BackupError("the database is not empty: restore into a new one")
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(source)) as copy, closing(_own_sqlite()) as own:
            copy.backup(own)
        return
    connection.close()
    _pg("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(source))


def _copy_sqlite(target: Path) -> None:
    # Another connection: SQLite does not copy what its own connection might be writing.
    with closing(_own_sqlite()) as own:
        own.execute("VACUUM INTO ?", [str(target)])


def _own_sqlite() -> sqlite3.Connection:
    return sqlite3.connect(connection.settings_dict["NAME"])


def _pg(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's on the configured database; the password goes by the environment, unseen."""
    path = shutil.which(program)
    if path is None:
        raise BackupError(f"{program} is not on the PATH: install PostgreSQL's client programs")
    known: dict[str, Any] = connection.get_connection_params()
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
    values = {variable: str(known[name]) for variable, name in names.items() if known.get(name)}
    target = [f"--dbname={known['dbname']}"] if program == "pg_restore" else []
    environment = {**os.environ, **values}
    done = subprocess.run([path, *target, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - its own arguments
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()}")

"""A database with every migration applied, made once and copied by whoever needs one.

Migrating from nothing takes half a minute, nearly all of it Django's own book-keeping, and each process of the suite
and each server that a test starts wants a database. What is copied is known by what stands in the migrations: a file
for SQLite, a template on the server of PostgreSQL, named after this checkout, which stays there for the next run.
"""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from marketplace.settings.env import BASE_DIR

FOLDER: Final = BASE_DIR / "var" / "test"


def copy_to(target: Path) -> None:
    """Put a fresh, migrated database there; what was there is gone, its write-ahead log too."""
    for beside in ("", "-wal", "-shm"):
        target.with_name(target.name + beside).unlink(missing_ok=True)
    shutil.copyfile(migrated(), target)


def migrated() -> Path:
    """The file to copy. The first process makes it, others wait for it."""
    path = FOLDER / f"migrated-{_word_for_migrations()}.sqlite3"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for old in FOLDER.glob("migrated-*"):
                old.unlink()
            _make(path)
    return path


def clone_to(name: str) -> None:
    """Make that database on the PostgreSQL of the settings anew, from the template."""
    # Names are of our own settings, never input.
    template = f"{name.partition('_gw')[0]}_template"
    with connection._nodb_cursor() as cursor:
        # The product's connections are less patient than this takes.
        cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [template])
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [template])
        if cursor.fetchone() != (_word_for_migrations(),):
            cursor.execute(f'DROP DATABASE IF EXISTS "{template}"')
            cursor.execute(f'CREATE DATABASE "{template}"')
            _migrate(_url_of(template))
            cursor.execute(f'COMMENT ON DATABASE "{template}" IS %s', [_word_for_migrations()])
        drop(name)
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def drop(name: str) -> None:
    """Remove a database of the suite from the PostgreSQL of the settings."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


def _url_of(name: str) -> str:
    given = settings.DATABASES["default"]
    user, password, host = (quote(str(given[key]), safe="") for key in ("USER", "PASSWORD", "HOST"))
    port = f":{given['PORT']}" if given["PORT"] else ""
    return f"postgres://{user}{':' if password else ''}{password}@{host}{port}/{name}"


def _migrate(database_url: str) -> None:
    variables = {
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.local",
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "DOCUMENTS_URL": "",
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=BASE_DIR, env={**os.environ, **variables}, check=True)


def _make(path: Path) -> None:
    unfinished, whole = path.with_suffix(".unfinished"), path.with_suffix(".whole")
    _migrate(f"sqlite:///{unfinished}")
    with sqlite3.connect(unfinished) as source:
        source.execute("VACUUM INTO ?", [str(whole)])  # also what is still in the write-ahead log
    source.close()
    whole.replace(path)
    for beside in ("", "-wal", "-shm"):
        unfinished.with_name(unfinished.name + beside).unlink(missing_ok=True)


def _word_for_migrations() -> str:
    """Of what stands in ours, and of which versions bring their own."""
    digest = hashlib.sha256()
    for path in (BASE_DIR / "requirements.txt", *sorted(BASE_DIR.glob("*/**/migrations/0*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]

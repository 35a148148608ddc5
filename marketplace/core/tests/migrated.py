"""A SQLite database with every migration applied, made once and copied by whoever needs one.

Migrating from nothing takes half a minute, nearly all of it Django's own book-keeping, and each process of the suite
and each server that a test starts wants a database. The copy is named by what stands in the migrations.
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


def _make(path: Path) -> None:
    unfinished, whole = path.with_suffix(".unfinished"), path.with_suffix(".whole")
    variables = {
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.local",
        "DATABASE_URL": f"sqlite:///{unfinished}",
        "REDIS_URL": "",
        "DOCUMENTS_URL": "",
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=BASE_DIR, env={**os.environ, **variables}, check=True)
    with sqlite3.connect(unfinished) as source:
        source.execute("VACUUM INTO ?", [str(whole)])  # also what is still in the write-ahead log
    source.close()
    whole.replace(path)
    for beside in ("", "-wal", "-shm"):
        unfinished.with_name(unfinished.name + beside).unlink(missing_ok=True)


def _word_for_migrations() -> str:
    digest = hashlib.sha256()
    for path in sorted(BASE_DIR.glob("*/**/migrations/0*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]

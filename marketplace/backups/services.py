"""Making a backup, and restoring one."""

import shutil
import tarfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from funds import facade as funds

from . import databases
from .manifest import BackupError, Balance, Manifest, digest_of

MEDIA: Final = "media.tar"


def make_backup(folder: Path, *, at: datetime) -> Manifest:
    """Copy database and media into an empty or new folder; what the books said goes into its manifest.

    The database is of one moment; media never change once they are written, and are copied after it: each that the
    database names is there. Raises `BackupError`, and then leaves nothing behind.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty")
    was_there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with databases.one_moment() as dump:
            books = _books()
            dump(folder / databases.dump_name())
        _pack_media(folder / MEDIA)
        files = {path.name: digest_of(path) for path in sorted(folder.iterdir())}
        made = Manifest(made_at=at.isoformat(), engine=connection.vendor, files=files, books=books)
        made.write(folder)
    except BaseException:
        _empty(folder, remove=not was_there)
        raise
    return made


def restore_backup(folder: Path, *, at: datetime) -> Manifest:
    """Put a backup into an empty database and an empty media folder, and look at the books.

    Raises `BackupError` for what is no whole backup, one of the other engine, a database or media folder with anything
    in it (nothing is changed then), and for books that do not say what they said, or are broken.
    """
    manifest = Manifest.read(folder)
    if manifest.engine != connection.vendor:
        raise BackupError(f"it is of {manifest.engine}, and the configured database is {connection.vendor}")
    media = Path(settings.MEDIA_ROOT)
    if media.exists() and any(media.iterdir()):
        raise BackupError(f"{media} is not empty")
    databases.load(folder / databases.dump_name())
    with tarfile.open(folder / MEDIA) as archive:
        archive.extractall(media, filter="data")
    _compare(manifest.books, _books())
    faults = funds.verify_books(at=at, is_full=True)
    if faults:
        raise BackupError("the books are broken: " + ", ".join(fault.invariant.name for fault in faults))
    return manifest


def _books() -> tuple[Balance, ...]:
    lines = funds.trial_balance().lines
    return tuple(Balance(line.currency, line.kind, line.accounts, line.balance.minor) for line in lines)


def _compare(said: Iterable[Balance], found: Iterable[Balance]) -> None:
    before, now = set(said), set(found)
    if before != now:
        lines = [f"  {sign} {line}" for sign, lines in (("-", before - now), ("+", now - before)) for line in lines]
        raise BackupError("\n".join(["the books do not say what they said:", *sorted(lines)]))


def _pack_media(target: Path) -> None:
    media = Path(settings.MEDIA_ROOT)
    with tarfile.open(target, "w") as archive:
        if media.is_dir():
            archive.add(media, arcname=".")


def _empty(folder: Path, *, remove: bool) -> None:
    for path in folder.iterdir():
        path.unlink()
    if remove:
        shutil.rmtree(folder)

"""A backup of a shop with money in it, restored elsewhere by the commands, and what is refused on the way."""

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from funds.facade import trial_balance
from funds.ledger.tests.factories import customer_with
from marketplace.backups import services
from marketplace.backups.databases import dump_name
from marketplace.backups.manifest import BackupError, Manifest
from marketplace.settings.env import BASE_DIR
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

Restored = tuple[dict[str, str], Any]


@pytest.fixture
def shop(settings: Any, tmp_path: Path) -> Path:
    """Three customers with money, and a picture; the folder of the pictures."""
    media = tmp_path / "media"
    (media / "products").mkdir(parents=True)
    (media / "products" / "plate.webp").write_bytes(b"a plate")
    settings.MEDIA_ROOT = str(media)
    for minor in (10_000, 2_550, 1):
        customer_with(minor)
    return media


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Restored]:
    """An empty database of the same engine: its environment, and a function that asks it."""
    variables = {**os.environ, "VAR_DIR": str(tmp_path / "elsewhere"), "PYTHONWARNINGS": "ignore"}
    (tmp_path / "elsewhere").mkdir()
    if connection.vendor == "sqlite":
        path = tmp_path / "elsewhere" / "new.sqlite3"

        def ask(statement: str) -> Any:
            with sqlite3.connect(path) as own:
                return own.execute(statement).fetchone()[0]

        yield {**variables, "DATABASE_URL": f"sqlite:///{path}"}, ask
        return
    known = connection.get_connection_params()
    name = f"{known['dbname']}_restored"
    own = {key: known[key] for key in ("host", "port", "user", "password") if known.get(key)}
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")

    def ask_server(statement: str) -> Any:
        server = psycopg2.connect(dbname=name, **own)
        try:
            with server.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone()[0]
        finally:
            server.close()

    password = f":{own['password']}" if "password" in own else ""
    url = f"postgres://{own['user']}{password}@{own['host']}:{own['port']}/{name}"
    yield {**variables, "DATABASE_URL": url}, ask_server
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")


def restore(folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "restore", "--from", str(folder)]
    settings = {"DJANGO_SETTINGS_MODULE": "marketplace.settings.local", "SECRET_KEY": "x" * 50, "REDIS_URL": ""}
    return subprocess.run(
        command, cwd=BASE_DIR, env={**variables, **settings}, capture_output=True, text=True, check=False
    )


def test_everything_comes_back_to_the_cent_in_another_place(shop, elsewhere, tmp_path):
    variables, ask = elsewhere
    folder = tmp_path / "backup"

    call_command("backup", to=folder)
    customer_with(77)  # after it
    done = restore(folder, variables)

    assert done.returncode == 0, done.stderr
    assert "the books say what they said" in done.stdout
    assert ask("SELECT count(*) FROM users_user") == User.objects.count() - 1
    assert ask("SELECT SUM(posted) FROM funds_account WHERE kind = 'wallet'") == 12_551
    assert (tmp_path / "elsewhere" / "media" / "products" / "plate.webp").read_bytes() == b"a plate"
    again = restore(folder, variables)
    assert again.returncode == 1
    assert "is not empty" in again.stderr
    assert ask("SELECT SUM(posted) FROM funds_account WHERE kind = 'wallet'") == 12_551


def test_a_manifest_says_what_the_books_said(shop, tmp_path):
    made = services.make_backup(tmp_path / "backup", at=timezone.now())

    assert Manifest.read(tmp_path / "backup") == made
    assert {(line.currency, line.kind, line.minor) for line in made.books} == {
        (line.currency, line.kind, line.balance.minor) for line in trial_balance().lines
    }
    assert set(made.files) == {"media.tar", dump_name()}


def test_books_that_do_not_say_what_they_said_are_told(shop, elsewhere, tmp_path):
    variables, _ask = elsewhere
    folder = tmp_path / "backup"
    call_command("backup", to=folder)
    said = json.loads((folder / "manifest.json").read_text())
    next(line for line in said["books"] if line["kind"] == "wallet")["minor"] += 1
    (folder / "manifest.json").write_text(json.dumps(said))

    done = restore(folder, variables)

    assert done.returncode == 1
    assert "the books do not say what they said" in done.stderr


@pytest.mark.parametrize("harm", ["cut", "missing", "unfinished", "other engine"])
def test_what_is_no_whole_backup_is_refused_before_anything_is_done(shop, tmp_path, harm):
    folder = tmp_path / "backup"
    call_command("backup", to=folder)
    dump = folder / dump_name()
    if harm == "cut":
        dump.write_bytes(dump.read_bytes()[:-1])
    elif harm == "missing":
        dump.unlink()
    elif harm == "unfinished":
        (folder / "manifest.json").unlink()
    else:
        said = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps({**said, "engine": "another"}))
    before = trial_balance()

    with pytest.raises(CommandError):
        call_command("restore", folder=folder)

    assert trial_balance() == before


def test_a_backup_that_fails_leaves_nothing_behind(shop, tmp_path, monkeypatch):
    def out_of_space(_target: Path) -> None:
        raise BackupError("no space left on device")

    monkeypatch.setattr(services, "_pack_media", out_of_space)

    with pytest.raises(CommandError, match="no space left"):
        call_command("backup", to=tmp_path / "backup")

    assert not (tmp_path / "backup").exists()


def test_a_folder_with_something_in_it_is_left_alone(shop, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")

    with pytest.raises(CommandError, match="is not empty"):
        call_command("backup", to=tmp_path / "full")

    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_media_that_would_leave_their_folder_are_refused(shop, tmp_path, settings):
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as archive:
        archive.add(shop / "products" / "plate.webp", arcname="../../outside.webp")

    with tarfile.open(evil) as archive, pytest.raises(tarfile.OutsideDestinationError):
        archive.extractall(tmp_path / "target", filter="data")

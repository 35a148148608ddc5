"""`manage.py backup --to FOLDER`: everything as it is now, with what the books say."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from marketplace.backups.manifest import BackupError
from marketplace.backups.services import make_backup


class Command(BaseCommand):
    """The shop goes on meanwhile."""

    help = "Copy database and media into a new folder, of one moment, with checksums and the trial balance."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new or empty folder")

    def handle(self, *_args: Any, to: Path, **_options: Any) -> None:
        """Say what lies there then."""
        try:
            made = make_backup(to, at=timezone.now())
        except BackupError as error:
            raise CommandError(str(error)) from None
        for name in made.files:
            self.stdout.write(f"{to / name}  {(to / name).stat().st_size:,} bytes")
        self.stdout.write(f"{len(made.books)} lines of the trial balance")

"""`manage.py restore --from FOLDER`: a backup into an empty database; the books must say what they said."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from marketplace.backups.manifest import BackupError
from marketplace.backups.services import restore_backup


class Command(BaseCommand):
    """Exit status 1, and nothing to rely on, unless the books agree to the cent."""

    help = "Restore a backup into the configured database and media folder, both empty, and reconcile the books."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Where from."""
        parser.add_argument("--from", dest="folder", type=Path, required=True, metavar="FOLDER")

    def handle(self, *_args: Any, folder: Path, **_options: Any) -> None:
        """Say what the books say."""
        try:
            restored = restore_backup(folder, at=timezone.now())
        except BackupError as error:
            raise CommandError(str(error)) from None
        for line in restored.books:
            self.stdout.write(f"{line.currency} {line.kind:<24} {line.accounts:>8} accounts {line.minor:>16} (minor)")
        self.stdout.write(f"as of {restored.made_at}; the books say what they said. Next: manage.py migrate")

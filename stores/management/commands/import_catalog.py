"""`manage.py import_catalog FILE [--confirm]`: a catalogue file, looked through and, when confirmed, written."""

from typing import Any

from django.core.management.base import CommandParser

from stores.importing.commands import ImportCommand


class Command(ImportCommand):
    """Without `--confirm` it says what the file would change, and changes nothing."""

    help = "Look through a catalogue file (.csv or .xlsx), and write it with --confirm."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and whether it is meant."""
        self.add_file(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Fails for a file that cannot be read; rows with errors are listed."""
        self.bring_in(**options)

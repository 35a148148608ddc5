"""`manage.py export_feed FILE [--store SLUG]`: the product feed as CSV or XML."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from stores.importing.feed_writing import feed_csv, feed_xml
from stores.importing.selectors import offered_variants

WRITERS = {".csv": feed_csv, ".xml": feed_xml}


class Command(BaseCommand):
    """What open stores sell, in the Google Merchant attribute names."""

    help = "Write the product feed to a .csv or .xml file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and of which store."""
        parser.add_argument("file", type=Path, help="a name that ends in .csv or .xml")
        parser.add_argument("--store", default="", help="slug of one store (default: all open ones)")

    def handle(self, *_args: Any, file: Path, store: str, **_options: Any) -> None:
        """Item by item."""
        write = WRITERS.get(file.suffix.lower())
        if write is None:
            raise CommandError("Give a file whose name ends in .csv or .xml.")
        with file.open("w", encoding="utf-8", newline="") as text:
            text.writelines(write(offered_variants(store), timezone.now()))
        self.stdout.write(f"Written: {file}")

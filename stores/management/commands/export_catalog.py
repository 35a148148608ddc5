"""`manage.py export_catalog FILE`: the whole catalogue as CSV or XLSX."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.core.access import Reach
from stores.importing.exporting import catalogue_csv, write_workbook
from stores.importing.selectors import exported_variants


class Command(BaseCommand):
    """The columns that `import_catalog` takes."""

    help = "Write the catalogue to a .csv or .xlsx file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("file", type=Path, help="a name that ends in .csv or .xlsx")

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        """Row by row."""
        variants = exported_variants(Reach(everywhere=True))
        match file.suffix.lower():
            case ".csv":
                with file.open("w", encoding="utf-8", newline="") as text:
                    text.writelines(catalogue_csv(variants))
            case ".xlsx":
                with file.open("wb") as binary:
                    write_workbook(variants, binary)
            case _:
                raise CommandError("Give a file whose name ends in .csv or .xlsx.")
        self.stdout.write(f"Written: {file}")

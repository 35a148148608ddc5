"""`manage.py import_feed FILE --store SLUG [--confirm]`: a product feed into one store."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from stores.importing.commands import ImportCommand
from stores.merchants.models import Store


class Command(ImportCommand):
    """Without `--confirm` it says what the feed would change, and changes nothing."""

    help = "Look through a product feed in the Google Merchant names (.csv or .xml), and write it with --confirm."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, the store it is for, and whether it is meant."""
        self.add_file(parser)
        parser.add_argument("--store", required=True, help="slug of the store the items belong to")

    def handle(self, *_args: Any, store: str, **options: Any) -> None:
        """Fails for an unknown store and a file that cannot be read; items with errors are listed."""
        found = Store.objects.filter(slug=store, archived_at__isnull=True).first()
        if found is None:
            raise CommandError(f"There is no store {store}.")
        self.bring_in(store=found, **options)

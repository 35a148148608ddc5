"""Write what lists show and what is searched anew, from the catalogue itself."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from stores.catalog import listings
from stores.catalog.models import Product


class Command(BaseCommand):
    """Harmless at any time; needed after rows were written past the services, or a store changed its language."""

    help = "Write the listings of all products and what is searched of them anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only count listings that are not right")

    def handle(self, *args: Any, **options: Any) -> None:
        total = Product.objects.count()
        if options["check"]:
            self.stdout.write(f"{listings.count_adrift()} of {total} listings are not what the catalogue says.")
            return
        wrong = listings.rebuild()
        self.stdout.write(f"{total} listings written; {wrong} were not what the catalogue says.")

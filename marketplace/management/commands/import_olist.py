"""`manage.py import_olist`: the public e-commerce data set by Olist."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from marketplace.olist.files import Row, UnusableInputError
from marketplace.olist.importing import Counts, Options, import_of
from marketplace.olist.scratch import Scratch


class Command(BaseCommand):
    """Sellers become stores, customers profiles with a place; catalogue, stock and order history follow."""

    help = "Import a folder of the Olist data set. It may be repeated: what is there already is left as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the data set does not say is declared here."""
        parser.add_argument("--path", type=Path, required=True, help="the folder with the .csv files")
        parser.add_argument(
            "--jitter-km",
            type=float,
            default=0.0,
            help="spread customers evenly around the centre of their zip prefix, up to so many km (default 0)",
        )
        parser.add_argument("--stock", type=int, default=20, help="opening stock of each variant (default 20)")
        parser.add_argument("--password", help="one password for all new customers (default: nobody can log in)")

    def handle(
        self,
        *_args: Any,
        path: Path,
        jitter_km: float,
        stock: int,
        password: str | None,
        verbosity: int,
        **_options: Any,
    ) -> None:
        """Fails only for input that is not the data set; rows that do not fit are listed at the end."""
        if not 0 <= jitter_km <= 100:
            raise CommandError("--jitter-km: give 0 to 100.")
        if not 0 <= stock <= 1_000_000:
            raise CommandError("--stock: give 0 to 1,000,000.")

        def watch(name: str, rows: Iterable[tuple[int, Row]]) -> Iterable[tuple[int, Row]]:
            return tqdm(rows, desc=name, unit=" rows", leave=False, disable=None if verbosity else True)

        try:
            with import_of(path, Options(jitter_km, stock, password), watch) as (run, scratch):
                self._report(run.run(), scratch)
        except UnusableInputError as error:
            raise CommandError(f"{path} is not the Olist data set: {error}") from error

    def _report(self, counts: Counts, scratch: Scratch) -> None:
        self.stdout.write(f"Stores:    {counts.stores}, {counts.new_stores} new")
        self.stdout.write(f"Customers: {counts.customers}")
        self.stdout.write(f"Products:  {counts.products}, {counts.new_products} new")
        self.stdout.write(f"Orders:    {counts.orders}, {counts.new_orders} new")
        self.stdout.write(f"Refused:   {scratch.refusals_count()} rows")
        for file, line, reason in scratch.refusals():
            self.stdout.write(f"  {file}:{line}: {reason}")

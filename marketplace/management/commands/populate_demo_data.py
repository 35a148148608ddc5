"""`manage.py populate_demo_data`: a believable town to look at."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from marketplace.demo.logins import DEMO_LOGINS, DEMO_PASSWORD
from marketplace.demo.populate import TOTAL, populate, wants_demo_data


class Command(BaseCommand):
    """Stores, products, customers with money, past orders, promotions. Repeating it adds only what is missing."""

    help = "Fill the database with a demo town around Mexico City; promotions run now and start in two minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        """The seed decides everything but the clock."""
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same town (default 1)")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there are stores already")

    def handle(self, *_args: Any, seed: int, if_empty: bool, verbosity: int, **_options: Any) -> None:
        """Populate, then say whom to log in as."""
        if if_empty and not wants_demo_data():
            return
        # Without a terminal there is nobody to watch a bar.
        with tqdm(total=TOTAL, desc="demo town", unit="", leave=False, disable=None if verbosity else True) as bar:
            new = populate(seed=seed, at=timezone.now(), progress=bar)
        self.stdout.write(
            f"New: {new.stores} stores, {new.products} products, {new.orders} past orders, {new.promos} promotions."
        )
        self.stdout.write(f"Log-ins (password of all: {DEMO_PASSWORD}):")
        for login in DEMO_LOGINS:
            self.stdout.write(f"  {login.email:<24} {login.purpose}")

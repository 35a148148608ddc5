"""`manage.py reconcile_tiers [--repair]`: are the customers' successful orders counted right?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from purchases.orders.tier_counts import differences, repair


class Command(BaseCommand):
    """Exit status 1 when a count was wrong and stays so."""

    help = "Compare each customer's count of successful orders, which decides the tier, with the orders themselves."

    def add_arguments(self, parser: CommandParser) -> None:
        """Looking changes nothing."""
        parser.add_argument("--repair", action="store_true", help="set wrong counts right, in the audit trail")

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        found = repaired = 0
        for difference in differences():
            found += 1
            self.stdout.write(
                f"{difference.customer_id}: {difference.counted} counted, {difference.orders} successful orders"
            )
            if repair:
                repaired += _repair(difference.customer_id)
        if not found:
            self.stdout.write("every count is what the orders say")
        elif not repair:
            raise CommandError(f"{found} counts are wrong; --repair sets them right")
        else:
            self.stdout.write(f"{found} counts were wrong, {repaired} repaired")


_repair = repair

"""`manage.py reconcile_stock`: every stock counter against the sum of its movements."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stores.inventory.reconciliation import reconcile_stock


class Command(BaseCommand):
    """Exit status 1 when something is adrift."""

    help = "Compare stock counters with their movements. It reports and repairs nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        run = reconcile_stock()
        drifts = run.drifts.select_related("stock_item__variant", "stock_item__store").order_by("pk")
        for drift in drifts.iterator():
            self.stderr.write(
                f"{drift.stock_item}: on hand {drift.on_hand}, by movements {drift.on_hand_moved}; "
                f"allocated {drift.allocated}, by movements {drift.allocated_moved}"
            )
        if run.drift_count:
            raise CommandError(f"{run.drift_count} of {run.items_count} stock items are adrift")
        self.stdout.write(f"{run.items_count} stock items are what their movements say")

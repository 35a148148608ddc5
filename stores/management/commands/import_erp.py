"""`manage.py import_erp FILE [--apply] [--skip-errors]`: costs and counted stock from another system's CSV."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.core.errors import DomainError
from stores.inventory.erp.csv_feed import CsvErpFeed
from stores.inventory.erp.taking_over import Change, ErpRowsRefusedError, Report, compare_with_erp, take_over_erp


class Command(BaseCommand):
    """Exit status 1 when a row is bad and these are not skipped."""

    help = (
        "Take over costs and counted stock by store and SKU (columns store, sku, cost, currency, on_hand). "
        "Without --apply it only shows what would change."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="write it")
        parser.add_argument("--skip-errors", action="store_true", help="write the good rows of a file with bad ones")

    def handle(self, *args: Any, **options: Any) -> None:
        skips = options["skip_errors"]
        try:
            feed = CsvErpFeed(options["file"])
            report = take_over_erp(feed=feed, actor_id=None, skip_errors=skips) if options["apply"] else None
            report = report or compare_with_erp(feed)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        except ErpRowsRefusedError as error:
            self._show(error.report)
            raise CommandError("Nothing was written.") from error
        except DomainError as error:
            details = "; ".join(each.detail for each in error.field_errors)
            raise CommandError(f"{details or error} Nothing was written.") from error
        self._show(report)
        if report.bad and not skips:
            raise CommandError("Nothing was written.")
        self.stdout.write("Written." if options["apply"] else "Nothing was written: say --apply to take this over.")

    def _show(self, report: Report) -> None:
        for change in report.changes:
            self.stdout.write(f"line {change.line}: {change.sku} {_words(change)}")
        for row in report.bad:
            self.stderr.write(f"line {row.line}: {row.reason}")
        self.stdout.write(f"{report.rows} rows, {len(report.changes)} changes, {len(report.bad)} bad rows")


def _words(change: Change) -> str:
    parts = []
    if change.cost is not None:
        parts.append(f"cost {change.old_cost or '-'} -> {change.cost}")
    if change.quantity is not None:
        parts.append(f"on hand {change.on_hand} -> {change.counted} ({change.quantity:+d})")
    return ", ".join(parts)

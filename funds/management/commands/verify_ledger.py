"""`manage.py verify_ledger [--full]`: the books checked against their own rules."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from funds.ledger.selectors import trial_balance
from funds.verification import verify_books


class Command(BaseCommand):
    """Exit status 1 when something is broken."""

    help = "Check that the ledger balances. Without --full only accounts and holds are read, not every posting."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--full", action="store_true", help="read every posting")

    def handle(self, *args: Any, **options: Any) -> None:
        for line in trial_balance().lines:
            self.stdout.write(f"{line.currency} {line.kind:<12} {line.accounts:>8} accounts {line.balance!s:>24}")
        faults = verify_books(at=timezone.now(), is_full=options["full"])
        for fault in faults:
            self.stderr.write(f"{fault.invariant.name}: broken ({fault.invariant.means})")
            for row in fault.rows:
                self.stderr.write(f"  {row}")
        if faults:
            raise CommandError("the ledger is broken")
        self.stdout.write("the ledger is sound")

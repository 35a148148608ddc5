"""What the import commands share: look through, list what is wrong, write when confirmed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.core.errors import DomainError
from stores.merchants.models import Store

from .models import ImportRow, ImportRun
from .reasons import failure_text, reason
from .services import confirm_run, discard_run, open_run
from .work import run_to_end


class ImportCommand(BaseCommand):
    """Base of the commands. The run is the system's: everything is within reach."""

    def add_file(self, parser: CommandParser) -> None:
        """The arguments of both."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--confirm", action="store_true", help="write it, not only look through it")

    def bring_in(self, *, file: Path, confirm: bool, store: Store | None = None, **_options: Any) -> None:
        """Raises `CommandError` for a file that cannot be read."""
        try:
            with file.open("rb") as upload:
                run = open_run(file=upload, file_name=file.name, actor_id=None, store=store)
        except (DomainError, OSError) as error:
            raise CommandError(f"{file}: {error}") from error
        run = self._carried_on(run)
        self.stdout.write(
            f"Rows: {run.rows_count}, new {run.new_count}, changed {run.changed_count}, unchanged {run.same_count}, "
            f"with errors {run.error_count}"
        )
        self._list(run, ImportRow.Verdict.ERROR)
        if not confirm or not run.new_count + run.changed_count:
            discard_run(run_id=run.pk, actor_id=None)
            self.stdout.write("Nothing was written.")
            return
        confirm_run(run_id=run.pk, actor_id=None)
        run = self._carried_on(run)
        self.stdout.write(f"Written: {run.applied_count}, conflicts {run.conflict_count}")
        self._list(run, ImportRow.Verdict.CONFLICT)

    def _carried_on(self, run: ImportRun) -> ImportRun:
        run = run_to_end(run.pk)
        if run.state == ImportRun.State.FAILED:
            raise CommandError(failure_text(run.failure))
        return run

    def _list(self, run: ImportRun, verdict: str) -> None:
        for row in run.rows.filter(verdict=verdict).order_by("line").iterator(chunk_size=500):
            for error in row.errors:
                self.stdout.write(f"  {row.line}: {error['field']}: {reason(error['code'], error['params'])}")

"""Staging: a file's lines become rows with their verdicts. Nothing of the catalogue is written."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from marketplace.core.clock import read_db_now
from marketplace.core.inserting import insert_many
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from stores.events import ImportReady
from stores.importing.columns import COLUMNS, Part
from stores.importing.diffing import Plan, compare
from stores.importing.models import ImportRow, ImportRun
from stores.importing.reading import Line
from stores.importing.selectors import Writer

CHUNK: Final = 1_000
LEASE: Final = timedelta(seconds=45)
"""A worker that has not moved on for so long is dead; longer than any chunk takes."""
_SHARED: Final = tuple(column.name for column in COLUMNS if column.part is Part.PRODUCT)
_MASK: Final = (1 << 64) - 1


class SupersededError(Exception):
    """Another worker has come further, or the run is over: this one stops."""


class Seen:
    """What came before in the file, in a few bytes a line: SKUs, barcodes and products are there once."""

    def __init__(self) -> None:
        self._lines: dict[bytes, int] = {}
        self._products: dict[bytes, int] = {}

    def repeated(self, line: int, row: Mapping[str, str]) -> list[tuple[str, str, int]]:
        """(column, code, earlier line) of what the row repeats or contradicts; the row is remembered."""
        store, found = row.get("store", ""), []
        for column in ("sku", "barcode"):
            if row.get(column):
                earlier = self._lines.setdefault(_digest(column, store, row[column]), line)
                if earlier != line:
                    found.append((column, "twice", earlier))
        shared = int.from_bytes(_digest(*(row.get(name, "") for name in _SHARED))[:8], "big")
        first = self._products.setdefault(_digest(store, row.get("product", "")), line << 64 | shared)
        if first & _MASK != shared:
            found.append(("product", "differs", first >> 64))
        return found


class Staging:
    """One reading of one file, from its beginning or from where an earlier worker stopped."""

    def __init__(self, run: ImportRun, lines: Iterable[Line], writer: Writer) -> None:
        self.run_id = run.pk
        self._writer = writer
        self._seen = Seen()
        self._lines = iter(lines)
        self._staged = run.staged_line

    def stage_next(self) -> bool:
        """Stage a chunk in one transaction; False when the file has ended, and the run is ready.

        Raises the file's errors and `SupersededError`.
        """
        chunk: list[tuple[int, dict[str, str], list[tuple[str, str, int]]]] = []
        while len(chunk) < CHUNK:
            line = next(self._lines, None)
            if line is None:
                break
            repeated = self._seen.repeated(*line)
            if line[0] > self._staged:
                chunk.append((*line, repeated))
        if not chunk:
            _finish(self.run_id)
            return False
        plans = compare([(number, row) for number, row, _repeated in chunk], self._writer)
        for plan, (_number, _row, repeated) in zip(plans, chunk, strict=True):
            for column, code, earlier in repeated:
                plan.refuse(column, code, line=earlier)
        _keep(self.run_id, plans, after=self._staged)
        self._staged = chunk[-1][0]
        return True

    def stage_all(self) -> None:
        """To the end of the file."""
        while self.stage_next():
            pass


@transaction.atomic
def _keep(run_id: UUID, plans: Sequence[Plan], *, after: int) -> None:
    run = _held(run_id)
    if run.staged_line != after:
        raise SupersededError
    insert_many(
        [
            ImportRow(
                run_id=run_id,
                line=plan.line,
                values=plan.raw,
                verdict=plan.verdict,
                changes={} if plan.errors else plan.changes,
                errors=plan.errors,
            )
            for plan in plans
        ]
    )
    counts = Counter(plan.verdict for plan in plans)
    for verdict in (ImportRow.Verdict.NEW, ImportRow.Verdict.CHANGED, ImportRow.Verdict.SAME, ImportRow.Verdict.ERROR):
        name = f"{verdict.value}_count"
        setattr(run, name, getattr(run, name) + counts[verdict])
    run.rows_count += len(plans)
    run.staged_line = plans[-1].line
    keep_going(run)


@transaction.atomic
def _finish(run_id: UUID) -> None:
    run = _held(run_id)
    run.state = ImportRun.State.READY
    forget_upload(run)
    run.leased_until = None
    run.save()
    publish(ImportReady(import_id=run.pk))


def _held(run_id: UUID) -> ImportRun:
    for run in lock(LockRank.CATALOG, ImportRun.objects.filter(pk=run_id, state=ImportRun.State.STAGING)):
        return run
    raise SupersededError


def keep_going(run: ImportRun) -> None:
    """Save the run with the lease of whoever works on it, who has just got on."""
    run.attempts = 0
    run.leased_until = read_db_now() + LEASE
    run.save()


def forget_upload(run: ImportRun) -> None:
    """The file goes when the transaction has come to its end; the run must still be saved."""
    if run.upload:
        name, storage = str(run.upload.name), run.upload.storage
        transaction.on_commit(lambda: storage.delete(name))
        run.upload = ""


def _digest(*texts: Any) -> bytes:
    return hashlib.blake2b("\x1f".join(texts).encode("utf-8", "surrogatepass"), digest_size=12).digest()


def first_lines(lines: Iterable[Line], most: int) -> list[Line]:
    """One more than `most`, so that the caller sees whether there are more."""
    return list(islice(lines, most + 1))

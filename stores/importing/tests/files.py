"""Catalogue files for tests, made here."""

import csv
import io
from typing import Any

from openpyxl import Workbook

from stores.catalog.tests.factories import CategoryFactory
from stores.importing import services, work
from stores.importing.models import ImportRun
from stores.merchants.models import Store
from stores.merchants.tests.factories import StoreFactory


def shelf(**store: Any) -> tuple[Store, Any]:
    """A store and a category to import into."""
    return StoreFactory.create(slug="centro", **store), CategoryFactory.create(slug="vajillas")


def row(number: int = 1, **cells: str) -> dict[str, str]:
    """A line that is right in every column that a new variant needs."""
    return {
        "store": "centro",
        "product": f"plato-{number}",
        "name": f"Plato {number}",
        "category": "vajillas",
        "sku": f"P-{number}",
        "price": "349.00",
        **cells,
    }


def csv_file(rows: list[dict[str, str]], encoding: str = "utf-8") -> io.BytesIO:
    """The columns of all rows, in the order in which they come up."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for each in rows for name in each)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode(encoding))


def workbook(rows: list[list[Any]]) -> io.BytesIO:
    """One sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for each in rows:
        sheet.append(each)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def opened(file: io.BytesIO, name: str = "catalogue.csv", **options: Any) -> ImportRun:
    """Brought in by the system, and read to its end."""
    run = services.open_run(file=file, file_name=name, **{"actor_id": None, **options})
    return work.run_to_end(run.pk)


def applied(run: ImportRun) -> ImportRun:
    """Confirmed and written."""
    services.confirm_run(run_id=run.pk, actor_id=None)
    return work.run_to_end(run.pk)


def reasons(run: ImportRun) -> list[tuple[int, str, str]]:
    """Line, column and code of what is wrong."""
    return [
        (each.line, error["field"], error["code"])
        for each in run.rows.filter(verdict__in=("error", "conflict")).order_by("line")
        for error in each.errors
    ]


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """New, changed, the same, wrong."""
    return run.new_count, run.changed_count, run.same_count, run.error_count

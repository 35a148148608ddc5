"""Writing catalogue files: CSV as a stream of text, XLSX row by row into a file."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final

from django.db.models import QuerySet
from openpyxl import Workbook

from marketplace.core.spreadsheets import neutralised, workbook_cell
from stores.catalog.models import Variant

from .catalogue import streamed
from .columns import NAMES

MARK: Final = "\ufeff"
"""By which spreadsheets know UTF-8."""
_PIECE: Final = 32_768


def catalogue_csv(variants: "QuerySet[Variant]") -> Iterator[str]:
    """Every variant, in pieces of text; begins with the mark of UTF-8."""
    yield MARK
    yield from csv_text(NAMES, (list(row.values()) for row in streamed(variants)))


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table as CSV, neutralised, in pieces of some kilobytes."""
    piece = io.StringIO()
    writer = csv.writer(piece)
    writer.writerow(header)
    for row in rows:
        writer.writerow([neutralised(cell) for cell in row])
        if piece.tell() > _PIECE:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()


def write_workbook(variants: "QuerySet[Variant]", file: IO[bytes]) -> None:
    """Every variant into a workbook of one sheet. All cells are text: a SKU of `007` stays one."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("catalogue")
    sheet.append(list(NAMES))
    for row in streamed(variants):
        sheet.append([workbook_cell(text) for text in row.values()])
    book.save(file)

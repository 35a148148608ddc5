"""Writing catalogue files: CSV as a stream of text, XLSX row by row into a file."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final

from django.db.models import QuerySet
from openpyxl import Workbook

from stores.catalog.models import Variant

from .catalogue import streamed
from .columns import NAMES
from .neutral import neutralised

MARK: Final = "\ufeff"
"""By which spreadsheets know UTF-8."""
_PIECE: Final = 32_768
# What XML cannot hold or would change, and what looks like the way Excel writes it.
_NO_XML: Final = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


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
        sheet.append([_cell(text) for text in row.values()])
    book.save(file)


def _cell(text: str) -> str | None:
    return _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", neutralised(text)) or None

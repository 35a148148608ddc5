"""The ERP as a CSV file: `store,sku,cost,currency,on_hand`, UTF-8, with a heading; cost or on_hand may be empty."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from marketplace.core.errors import DomainError, InvalidInputError, gettext_noop
from marketplace.core.money import Money
from stores.inventory.movements import MAX_ON_HAND

from .ports import BadRow, ErpRow

COLUMNS: Final = ("store", "sku", "cost", "currency", "on_hand")


class CsvErpFeed:
    """An adapter of `ErpFeed`. Named by its content: the same file again is the same delivery."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = hashlib.sha256(path.read_bytes()).hexdigest()[:32]

    def rows(self) -> Iterator[ErpRow | BadRow]:
        """Raises `InvalidInputError` for a file that is not UTF-8 or has other columns."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, strict=True)
                missing = set(COLUMNS) - set(reader.fieldnames or ())
                if missing:
                    raise InvalidInputError.of("file", "columns", gettext_noop("The file lacks columns."))
                for row in reader:
                    yield _row(reader.line_num, row)
        except (UnicodeDecodeError, csv.Error) as error:
            detail = gettext_noop("The file is not a CSV file in UTF-8.")
            raise InvalidInputError.of("file", "unreadable", detail) from error


def _row(line: int, row: dict[str | None, str | None]) -> ErpRow | BadRow:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if None in row or any(row.get(name) is None for name in COLUMNS):
        return BadRow(line, _("The row has another number of cells than the heading."))
    if not cells["store"] or not cells["sku"]:
        return BadRow(line, _("Store and SKU are needed."))
    if not cells["cost"] and not cells["on_hand"]:
        return BadRow(line, _("Neither a cost nor a stock is given."))
    try:
        cost = Money.parse(cells["cost"], cells["currency"]) if cells["cost"] else None
    except DomainError as error:
        return BadRow(line, _(error.message) % error.params)
    counted = cells["on_hand"]
    if counted and not (counted.isascii() and counted.isdigit() and len(counted) < 12 and int(counted) <= MAX_ON_HAND):
        return BadRow(line, _("The stock is a whole number from 0 up."))
    return ErpRow(line, cells["store"], cells["sku"], cost, int(counted) if counted else None)

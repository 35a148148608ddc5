"""The order as the supplier gets it, in the supplier's language: a PDF to read, a workbook to work with."""

import io
from dataclasses import dataclass
from typing import Final

from django.utils import formats, translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font

from marketplace.core.clock import platform_day
from marketplace.core.formatting import shown_decimal
from marketplace.core.money import Money
from marketplace.core.pdf import Column, new_sheet
from marketplace.core.spreadsheets import workbook_cell

from .models import PurchaseOrder, PurchaseOrderLine

TYPES: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_COLUMNS: Final = (
    Column(28),
    Column(28),
    Column(58),
    Column(18, is_number=True),
    Column(28, is_number=True),
    Column(30, is_number=True),
)
_WIDTHS: Final = (18, 18, 48, 12, 14, 14)


@dataclass(frozen=True, slots=True)
class Document:
    """A file with its name."""

    name: str
    content_type: str
    content: bytes


def document_of(order: PurchaseOrder, kind: str) -> Document:
    """The order as `pdf` or `xlsx`. A draft says that it is one: the supplier is not bound by it."""
    with translation.override(order.supplier.language):
        make = {"pdf": _pdf, "xlsx": _xlsx}[kind]
        return Document(f"{order.number}.{kind}", TYPES[kind], make(order))


def _lines(order: PurchaseOrder) -> list[PurchaseOrderLine]:
    return sorted(order.lines.all(), key=lambda line: (line.sku, line.pk))


def _title(order: PurchaseOrder) -> str:
    word = _("Purchase order") if order.placed_at else _("Draft of a purchase order")
    return f"{word} {order.number}"


def _facts(order: PurchaseOrder) -> list[tuple[str, str]]:
    """What stands above the lines, only what is known."""
    supplier = order.supplier
    day = None if order.placed_at is None else platform_day(order.placed_at)
    facts = [
        (_("Supplier"), supplier.name),
        (_("Tax id"), supplier.tax_id),
        (_("Deliver to"), order.store.name),
        (_("Date"), formats.date_format(day) if day else ""),
        (_("Expected on"), formats.date_format(order.expected_on) if order.expected_on else ""),
        (_("Note"), " ".join(order.note.split())),
    ]
    return [(name, value) for name, value in facts if value]


def _headings(order: PurchaseOrder) -> tuple[str, ...]:
    unit, total = _("Unit cost"), _("Total")
    return _("SKU"), _("Your SKU"), _("Article"), _("Quantity"), unit, f"{total} ({order.currency})"


def _pdf(order: PurchaseOrder) -> bytes:
    sheet = new_sheet(title=_title(order), page_word=_("Page"), language=order.supplier.language, columns=_COLUMNS)
    for name, value in _facts(order):
        sheet.line_of(f"{name}: {value}")
    sheet.ln(4)
    sheet.row(*_headings(order))
    for line in _lines(order):
        sheet.row(
            line.sku,
            line.supplier_sku,
            line.name,
            str(line.quantity),
            _plain(line.unit_cost_minor, order.currency),
            _plain(line.total_minor, order.currency),
        )
    sheet.row("", "", _("Total"), "", "", _plain(order.total.minor, order.currency))
    return bytes(sheet.output())


def _xlsx(order: PurchaseOrder) -> bytes:
    book = Workbook()
    page = book.active
    page.title = order.number
    page.append([_title(order)])
    for name, value in _facts(order):
        page.append([name, workbook_cell(value)])
    page.append([])
    page.append([*_headings(order)])
    for cell in page[page.max_row]:
        cell.font = Font(bold=True)
    for line in _lines(order):
        page.append(
            [
                *map(workbook_cell, (line.sku, line.supplier_sku, line.name)),
                line.quantity,
                Money(line.unit_cost_minor, order.currency).decimal,
                Money(line.total_minor, order.currency).decimal,
            ]
        )
    page.append([None, None, _("Total"), None, None, order.total.decimal])
    for letter, width in zip("ABCDEF", _WIDTHS, strict=True):
        page.column_dimensions[letter].width = width
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _plain(minor: int, currency: str) -> str:
    return shown_decimal(Money(minor, currency))

"""An invoice on paper, in its buyer's language."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils import formats, translation
from django.utils.translation import gettext as _

from marketplace.core.clock import platform_day
from marketplace.core.formatting import shown_amount, shown_decimal, shown_percent
from marketplace.core.money import Money
from marketplace.core.pdf import Column, new_sheet

from .errors import InvoiceNotFoundError
from .models import Invoice
from .values import Bill, BillLine, TaxShare, read_bill

CONTENT_TYPE: Final = "application/pdf"
_COLUMNS: Final = (
    Column(30),
    Column(50),
    Column(18, is_number=True),
    Column(27, is_number=True),
    Column(22, is_number=True),
    Column(18, is_number=True),
    Column(25, is_number=True),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A file with its name, and the language it is written in."""

    name: str
    language: str
    content: bytes


def document_of(invoice: Invoice) -> Document:
    """The PDF. Raises `InvoiceNotFoundError` while it has no number."""
    if invoice.number is None:
        raise InvoiceNotFoundError
    language = invoice.snapshot["language"]
    with translation.override(language):
        return Document(f"{invoice.title}.pdf", language, _pdf(invoice, language))


def _pdf(invoice: Invoice, language: str) -> bytes:
    bill = read_bill(invoice.snapshot)
    word = _("Invoice") if invoice.kind == Invoice.Kind.INVOICE else _("Credit note")
    sheet = new_sheet(title=f"{word} {invoice.title}", page_word=_("Page"), language=language, columns=_COLUMNS)
    for name, value in _facts(invoice):
        sheet.line_of(f"{name}: {value}")
    sheet.ln(4)
    amount = f"{_('Total')} ({invoice.currency})"
    sheet.row(_("SKU"), _("Article"), _("Quantity"), _("List price"), _("Discount"), _("Tax"), amount)
    for line in bill.lines:
        sheet.row(*_cells(line, invoice.currency))
    for name, minor in _sums(bill, invoice):
        sheet.row("", name, "", "", "", "", _plain(minor, invoice.currency))
    sheet.ln(4)
    sheet.line_of(_("Prices include tax:"))
    for share in bill.taxes:
        sheet.line_of(_tax_line(share, invoice.currency))
    return bytes(sheet.output())


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    """What stands above the lines, only what is known."""
    said, buyer = invoice.snapshot, invoice.buyer
    street = ", ".join(filter(None, (buyer.get("line1"), buyer.get("line2"))))
    town = " ".join(filter(None, (buyer.get("postal_code"), buyer.get("city"))))
    place = ", ".join(filter(None, (street, town, buyer.get("state"), buyer.get("country"))))
    issued = platform_day(invoice.issued_at) if invoice.issued_at else None
    facts = [
        (_("Seller"), said["seller"]),
        (_("Buyer"), buyer.get("recipient", "")),
        (_("Address"), place),
        (_("Date"), formats.date_format(issued) if issued else ""),
        (_("Order"), f"{said['order']} · {formats.date_format(date.fromisoformat(said['placed_on']))}"),
    ]
    return [(name, value) for name, value in facts if value]


def _cells(line: BillLine, currency: str) -> tuple[str, ...]:
    off = f"-{_plain(line.discount_minor, currency)}" if line.discount_minor else ""
    listed, total = _plain(line.list_minor, currency), _plain(line.total_minor, currency)
    return line.sku, line.name, str(line.quantity), listed, off, shown_percent(line.tax_bp), total


def _sums(bill: Bill, invoice: Invoice) -> list[tuple[str, int]]:
    shipping = " · ".join(filter(None, (_("Shipping"), bill.shipping_name)))
    is_of_units = invoice.order_return_id is not None or invoice.call_off_id is not None
    sending = [] if is_of_units and not bill.shipping_minor else [(shipping, bill.shipping_minor)]
    word = _("Total") if invoice.kind == Invoice.Kind.INVOICE else _("Goes back")
    return [*sending, (word, bill.total_minor)]


def _tax_line(share: TaxShare, currency: str) -> str:
    return _("%(rate)s: net %(net)s, tax %(tax)s") % {
        "rate": shown_percent(share.tax_bp),
        "net": shown_amount(Money(share.net_minor, currency)),
        "tax": shown_amount(Money(share.tax_minor, currency)),
    }


def _plain(minor: int, currency: str) -> str:
    return shown_decimal(Money(minor, currency))

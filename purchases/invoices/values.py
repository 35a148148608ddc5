"""What an invoice says, in minor units, and its arithmetic: lines + shipping - discounts = total, to the unit."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from purchases.orders.models import OrderLine


@dataclass(frozen=True, slots=True)
class BillLine:
    """A line: `list_minor` without promotions, `total_minor` with them, `tax_minor` of it."""

    sku: str
    name: str
    quantity: int
    list_minor: int
    total_minor: int
    tax_bp: int
    tax_minor: int

    @property
    def discount_minor(self) -> int:
        """What promotions took off it."""
        return self.list_minor - self.total_minor


@dataclass(frozen=True, slots=True)
class TaxShare:
    """All of one rate: what was sold without the tax, and the tax."""

    tax_bp: int
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Bill:
    """Lines of goods, and what sending them costs. Prices include tax; no tax is reckoned on sending."""

    lines: tuple[BillLine, ...]
    shipping_minor: int = 0
    shipping_name: str = ""

    @property
    def list_minor(self) -> int:
        """All goods without promotions."""
        return sum(line.list_minor for line in self.lines)

    @property
    def discount_minor(self) -> int:
        """What promotions took off."""
        return sum(line.discount_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        """What is to be paid, or goes back."""
        return sum(line.total_minor for line in self.lines) + self.shipping_minor

    @property
    def taxes(self) -> tuple[TaxShare, ...]:
        """By rate, lowest first."""
        rates = sorted({line.tax_bp for line in self.lines})
        by_rate = {rate: [line for line in self.lines if line.tax_bp == rate] for rate in rates}
        return tuple(
            TaxShare(rate, sum(line.total_minor - line.tax_minor for line in lines), sum(x.tax_minor for x in lines))
            for rate, lines in by_rate.items()
        )

    def as_json(self) -> dict[str, Any]:
        """As an invoice keeps it; `read_bill` reads it."""
        return {
            "lines": [asdict(line) for line in self.lines],
            "shipping": {"minor": self.shipping_minor, "name": self.shipping_name},
        }


def read_bill(snapshot: Mapping[str, Any]) -> Bill:
    """The other way round."""
    shipping = snapshot["shipping"]
    return Bill(tuple(BillLine(**line) for line in snapshot["lines"]), shipping["minor"], shipping["name"])


def bill_of(lines: Iterable[OrderLine], *, shipping_minor: int, shipping_name: str) -> Bill:
    """Of a whole part. What was sold above its list price has nothing taken off, as in the order."""
    return Bill(tuple(map(_sold, lines)), shipping_minor, shipping_name)


def credit_of(line: OrderLine, *, quantity: int, earlier: int, refund_minor: int) -> BillLine:
    """Of units that came back after `earlier` ones. All of them together bring the line's tax, to the unit.

    Tax follows the money that went back, not the units: so it is never more than what goes back.
    """
    before = line.total_minor * earlier // line.quantity
    tax = _tax_in(line, before + refund_minor) - _tax_in(line, before)
    return BillLine(line.sku, line.name, quantity, refund_minor, refund_minor, line.tax_bp, tax)


def _sold(line: OrderLine) -> BillLine:
    listed = max(line.list_price_minor * line.quantity, line.total_minor)
    return BillLine(line.sku, line.name, line.quantity, listed, line.total_minor, line.tax_bp, line.tax_minor)


def _tax_in(line: OrderLine, minor: int) -> int:
    """The tax in so much of the line's total, halves rounded up."""
    if not minor:
        return 0
    share = Decimal(line.tax_minor) * minor / line.total_minor
    return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))

"""The arithmetic of invoices: to the unit, for any mix of lines and any way of giving them back."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from purchases.invoices.values import Bill, bill_of, credit_of, read_bill
from purchases.orders.models import Order
from purchases.orders.rows import amounts_of, parts_and_lines
from purchases.orders.values import PartShipping, SoldLine, refund_of

STORE = uuid7()


@st.composite
def sold(draw):
    price, quantity = draw(st.integers(0, 10) | st.integers(0, 10**7)), draw(st.integers(1, 50))
    total = draw(st.integers(0, 10) | st.integers(0, price * quantity * 2))
    rate = draw(st.sampled_from([0, 800, 1_600, 10_000]))
    return SoldLine(
        uuid7(), STORE, "SKU", "Name", quantity, Money(price, "MXN"), Money(total, "MXN"), tax_bp=rate, commission_bp=0
    )


@given(st.lists(sold(), min_size=1, max_size=6), st.integers(0, 10**5))
def test_lines_and_shipping_less_discounts_are_the_total_and_the_parts_money(lines, minor):
    shipping = {STORE: PartShipping(Money(minor, "MXN"), "Standard")}
    amounts = amounts_of(lines, shipping)
    (part,), rows = parts_and_lines(Order(**amounts), lines, shipping)

    bill = bill_of(rows, shipping_minor=part.shipping_minor, shipping_name=part.shipping_name)

    assert bill.list_minor + bill.shipping_minor - bill.discount_minor == bill.total_minor == part.total_minor
    assert all(line.discount_minor >= 0 for line in bill.lines)
    goods = bill.total_minor - bill.shipping_minor
    assert sum(share.net_minor + share.tax_minor for share in bill.taxes) == goods
    assert sum(share.tax_minor for share in bill.taxes) == sum(row.tax_minor for row in rows)
    assert read_bill(bill.as_json()) == bill


@given(sold(), st.data())
def test_credit_notes_of_a_line_come_to_its_total_and_its_tax(line, data):
    _parts, (row,) = parts_and_lines(Order(currency="MXN"), [line])
    cuts = data.draw(st.sets(st.integers(1, row.quantity)))
    stops = sorted({0, *cuts, row.quantity})

    credits_ = []
    for earlier, until in pairwise(stops):
        row.returned_quantity = earlier
        refund = refund_of(row, until - earlier)
        credits_.append(credit_of(row, quantity=until - earlier, earlier=earlier, refund_minor=refund))

    assert Bill(tuple(credits_)).total_minor == row.total_minor
    assert all(0 <= each.tax_minor <= each.total_minor for each in credits_)
    assert sum(each.tax_minor for each in credits_) == row.tax_minor

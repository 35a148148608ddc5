"""Line arithmetic and order numbers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.ids import uuid7
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.numbers import new_number
from purchases.orders.rows import total_of
from purchases.orders.values import SoldLine


def line(minor=11_600, quantity=1, tax_bp=1_600, currency="MXN"):
    price = Money(minor, currency)
    return SoldLine(uuid7(), uuid7(), "SKU", "Name", quantity, price, price * quantity, tax_bp, 1_000)


def test_tax_is_the_part_inside_the_total():
    assert line(minor=11_600, quantity=2).tax == Money(3_200, "MXN")


@given(st.integers(1, 10**9), st.integers(1, 1_000), st.integers(0, 10_000))
def test_tax_is_never_more_than_the_total_and_gives_the_rate_back(minor, quantity, tax_bp):
    sold = line(minor, quantity, tax_bp)
    net = sold.total.minor - sold.tax.minor

    assert 0 <= sold.tax.minor <= sold.total.minor
    assert abs(net * tax_bp / 10_000 - sold.tax.minor) <= 1 + tax_bp / 10_000


def test_an_order_in_two_currencies_is_refused():
    with pytest.raises(CurrencyMismatchError):
        total_of([line(currency="MXN"), line(currency="USD")])


def test_numbers_are_readable_and_do_not_repeat():
    numbers = {new_number() for _ in range(10_000)}

    assert len(numbers) == 10_000
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", number) for number in numbers)

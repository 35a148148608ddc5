"""Money: what may come in, and splits that lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.money import (
    CURRENCIES,
    CurrencyMismatchError,
    MalformedAmountError,
    Money,
    UnknownCurrencyError,
    exponent,
)

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("499.00", "MXN", 49900), ("0.01", "MXN", 1), ("7", "MXN", 700), ("1.5", "MXN", 150), ("1500", "CLP", 1500)],
)
def test_parse_reads_plain_amounts(text, currency, minor):
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    ["-1", "+1", "1e3", "1_000", "1,000", " 1", "1 ", "", ".5", "5.", "1.234", "١٢", "１２", "0x1", "NaN", "007",
     "-0.00", "9" * 16, "1000000000000.00", "1\n"],
)  # fmt: skip
def test_parse_refuses_everything_else(text):
    with pytest.raises(MalformedAmountError):
        Money.parse(text, "MXN")


def test_parse_refuses_decimals_a_currency_does_not_have():
    with pytest.raises(MalformedAmountError):
        Money.parse("10.5", "CLP")


def test_unknown_currency_is_refused():
    with pytest.raises(UnknownCurrencyError):
        Money.parse("1.00", "XXX")


def test_two_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatchError):
        Money(1, "MXN") + Money(1, "USD")


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_allocate_loses_nothing_and_is_fair(minor, weights):
    shares = Money(minor, "MXN").allocate(weights)

    assert sum(share.minor for share in shares) == minor
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.minor - minor * weight / sum(weights)) < 1


def test_percent_rounds_halves_away_from_zero():
    assert Money(50, "MXN").percent(100) == Money(1, "MXN")
    assert Money(-50, "MXN").percent(100) == Money(-1, "MXN")
    assert Money(49, "MXN").percent(100) == Money(0, "MXN")


def test_currencies_without_hundredths_have_the_decimals_of_iso_4217():
    others = {each: exponent(each) for each in CURRENCIES if exponent(each) != 2}

    assert {each for each in others if others[each] == 3} == {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
    assert {each for each in others if others[each] == 0} == {
        "CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF",
    }  # fmt: skip
    assert len(others) == 16


def test_a_share_is_a_whole_unit():
    assert Money(3, "MXN").percent(5_000) == Money(2, "MXN")


def test_negative_weights_and_none_at_all_are_refused():
    for weights in ([3, -1], [0, 0]):
        with pytest.raises(ValueError, match="weights"):
            Money(10, "MXN").allocate(weights)


def test_the_largest_remainder_gets_the_unit_that_is_left_and_the_earlier_of_equals():
    assert [each.minor for each in Money(10, "MXN").allocate([1, 1, 1])] == [4, 3, 3]
    assert [each.minor for each in Money(10, "MXN").allocate([33, 33, 34])] == [3, 3, 4]
    assert [each.minor for each in Money(0, "MXN").allocate([1, 2])] == [0, 0]
    assert [each.minor for each in Money(-10, "MXN").allocate([1, 1, 1])] == [-4, -3, -3]
    assert [each.minor for each in Money(-1, "MXN").allocate([1, 1])] == [-1, 0]

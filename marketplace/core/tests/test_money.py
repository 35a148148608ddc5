"""Money: what may come in, and splits that lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.money import CurrencyMismatchError, MalformedAmountError, Money, UnknownCurrencyError


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

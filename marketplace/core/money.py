"""Money: integer minor units plus a currency. Pure Python; Decimal appears only at the edges."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from .errors import DomainError, ErrorKind, gettext_noop

# ISO 4217: currencies whose minor unit is not a hundredth.
_EXPONENTS: Final = {
    "BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3,
    "LYD": 3, "OMR": 3, "PYG": 0, "TND": 3, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0,
}  # fmt: skip
CURRENCIES: Final = frozenset({
    "ARS", "AUD", "BHD", "BOB", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CRC", "CZK", "DKK", "DOP", "EUR", "GBP",
    "GTQ", "HKD", "HNL", "HUF", "INR", "IQD", "ISK", "JOD", "JPY", "KRW", "KWD", "LYD", "MXN", "NIO", "NOK", "NZD",
    "OMR", "PAB", "PEN", "PLN", "PYG", "RON", "SEK", "SGD", "THB", "TND", "TRY", "UGX", "USD", "UYU", "VES", "VND",
    "XAF", "XOF", "ZAR",
})  # fmt: skip
MAX_MINOR: Final = 10**14
"""No single amount reaches this; sums of very many still fit a signed 64-bit column."""

_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,14})(?:\.([0-9]{1,3}))?", re.ASCII)


class CurrencyMismatchError(DomainError):
    """Two currencies met; nothing here exchanges."""

    code = "currency_mismatch"
    message = gettext_noop("Amounts in %(left)s and %(right)s cannot be mixed.")


class MalformedAmountError(DomainError):
    """An amount that is not written as the API asks for."""

    code = "invalid_amount"
    kind = ErrorKind.INVALID
    message = gettext_noop("Write the amount as plain digits with at most %(scale)s decimals, such as 499.00.")


class UnknownCurrencyError(DomainError):
    """A currency this shop does not know."""

    code = "unknown_currency"
    kind = ErrorKind.INVALID
    message = gettext_noop("Unknown currency.")


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217); raises `UnknownCurrencyError`."""
    if currency not in CURRENCIES:
        raise UnknownCurrencyError
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents, or whole yen) of one currency. May be negative inside the books."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str, currency: str) -> "Money":
        """Read an amount from outside: ASCII digits, a point, at most the currency's own decimals.

        Raises `MalformedAmountError` (sign, exponent, blanks, other alphabets, too many decimals, too
        large) or `UnknownCurrencyError`.
        """
        scale = exponent(currency)
        match = _AMOUNT.fullmatch(amount)
        if match is None or len(match.group(1) or "") > scale:
            raise MalformedAmountError(scale=scale)
        minor = int(Decimal(amount).scaleb(scale))
        if minor >= MAX_MINOR:
            raise MalformedAmountError(scale=scale)
        return cls(minor, currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in that currency."""
        return cls(0, currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with the currency's own scale."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal:f} {self.currency}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatchError(left=self.currency, right=other.currency)
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.minor * quantity, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def percent(self, basis_points: int) -> "Money":
        """That many hundredths of a percent of the amount, halves rounded away from zero."""
        share = Decimal(self.minor) * basis_points / 10_000
        return Money(int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.currency)

    def allocate(self, weights: Sequence[int]) -> list["Money"]:
        """Split by weights without losing a unit (largest remainder; ties go to the earlier share).

        Raises `ValueError` for negative weights or weights that are all zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must be non-negative and not all zero")
        sign = -1 if self.minor < 0 else 1
        amount = abs(self.minor)
        shares = [amount * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
        for i in by_remainder[: amount - sum(shares)]:
            shares[i] += 1
        return [Money(sign * share, self.currency) for share in shares]

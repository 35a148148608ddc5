"""Numbers, amounts and moments as people read them, in the language that is switched on.

What programs read (the API's members, CSV, workbooks, logs, fingerprints) keeps `Money.decimal` and `str(Money)`.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final

from django.utils import formats, timezone

from .money import CURRENCIES, Money, exponent

_AMOUNT: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,3})?", re.ASCII)


def shown_number(value: Decimal | float, decimals: int = 0) -> str:
    """A number with so many decimals and its thousands set apart: `12,345.6`."""
    return formats.number_format(value, decimals, force_grouping=True)


def shown_decimal(money: Money) -> str:
    """An amount whose currency stands elsewhere, in a column's head: `2,504,480.45`."""
    return shown_number(money.decimal, exponent(money.currency))


def shown_amount(money: Money) -> str:
    """An amount with its currency: `2,504,480.45 MXN`.

    The code and not `$`: six of the shop's currencies are written with it. A plain blank before it, because a
    no-break one turns a text message into one of 70 characters.
    """
    return f"{shown_decimal(money)} {money.currency}"


def shown_percent(basis_points: int) -> str:
    """Hundredths of a percent with as many decimals as they need: `7.5 %`."""
    percent = (Decimal(basis_points) / 100).normalize()
    return f"{shown_number(percent, max(0, -int(percent.as_tuple().exponent)))} %"


def shown_day(day: date) -> str:
    """A day in figures: `12/31/2026`, in Spanish `31/12/2026`."""
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def shown_moment(at: datetime, zone: tzinfo | None = None) -> str:
    """A moment in figures by the clock of that zone, or of the one that is switched on. Blanks are plain ones."""
    local = timezone.localtime(at, zone) if timezone.is_aware(at) else at
    return " ".join(formats.date_format(local, "SHORT_DATETIME_FORMAT").split())


def shown_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the places of a sentence.

    Amounts (also `{"amount", "currency"}`, `"1234.50 MXN"`, and a text of digits beside a `currency`) and moments in
    the reader's manner; everything else as it is.
    """
    currency = params.get("currency")
    beside_currency = isinstance(currency, str) and currency in CURRENCIES
    return {name: shown_value(value, beside_currency=beside_currency) for name, value in params.items()}


def shown_value(value: Any, *, beside_currency: bool = False) -> Any:
    """One value of `shown_params`."""
    match value:
        case Money():
            return shown_amount(value)
        case {"amount": str(amount), "currency": str(code)}:
            return _shown_text(f"{amount} {code}", beside_currency=False)
        case str():
            return _shown_text(value, beside_currency=beside_currency)
        case datetime():
            return shown_moment(value)
        case date():
            return shown_day(value)
    return value


def _shown_text(text: str, *, beside_currency: bool) -> str:
    amount, _blank, code = text.partition(" ")
    is_amount = code in CURRENCIES or (beside_currency and not code)
    if not is_amount or not _AMOUNT.fullmatch(amount):
        return text
    return " ".join(filter(None, (_grouped(amount), code)))


def _grouped(amount: str) -> str:
    return shown_number(Decimal(amount), len(amount.partition(".")[2]))

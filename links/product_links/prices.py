"""Prices as shops write them. A reading is sure, only informs, or is refused with its reason; nothing is guessed."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from price_parser import Price

from marketplace.core.money import CURRENCIES, MAX_MINOR, Money, exponent

# Signs that stand for one currency only; a bare `$` or `¥` does not.
SIGNS: Final = {
    "€": "EUR", "£": "GBP", "₹": "INR", "R$": "BRL", "US$": "USD", "U$S": "USD", "MX$": "MXN", "MEX$": "MXN",
    "AR$": "ARS", "CLP$": "CLP", "COL$": "COP", "S/": "PEN", "S/.": "PEN", "₺": "TRY", "₩": "KRW", "₡": "CRC",
    "A$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD",
}  # fmt: skip
LONGEST: Final = 40
# What turns an amount into something else than the price: parts of it, each month, from, instead of.
NOT_THE_PRICE: Final = re.compile(
    r"\b(cuotas?|meses|mes|months?|mo|mensual(?:es)?|semanal(?:es)?|quincenal(?:es)?|weeks?|week|parcelas?|vezes|pagos"
    r"|plazos?|instal?lments?|x|de|desde|from|ab|antes|was|before|ahorr[ae]s?|save|off|desc\w*|hasta|up to|entre"
    r"|between|per|por|cada|each)\b|%|×|/\s*(?:mo|mes|month|kg|g|l|m|ud|un)\b",
    re.IGNORECASE,
)

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:([., \u00a0\u202f'’])[0-9]{3})(?:\1[0-9]{3})*", re.ASCII)
_PLAIN: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]+)?", re.ASCII)
_WRITTEN: Final = re.compile(r"[0-9][0-9., \u00a0\u202f'’]*", re.ASCII)
_SPACES: Final = " \t\r\n\u00a0\u202f"


@dataclass(frozen=True, slots=True)
class Reading:
    """An amount as it was understood. Without money there is a reason; `is_sure`: a purchase may rest on it."""

    money: Money | None
    is_sure: bool = False
    reason: str = ""


def read_currency(raw: Any) -> tuple[str, str]:
    """The ISO 4217 code and a reason where it is none: `no_currency`, `unknown_currency`."""
    if not isinstance(raw, str) or not raw.strip():
        return "", "no_currency"
    code = raw.strip().rpartition("/")[2].upper()
    return (code, "") if code in CURRENCIES else ("", "unknown_currency")


def read_structured(raw: Any, currency: str) -> Reading:
    """The price of structured data, whose currency is stated beside it.

    A number, or a text with a point before the decimals, is what schema.org asks for. `1.299,00` and `$ 1,299.00` can
    mean one thing only. `10.833` pesos are ten and a bit, or over ten thousand: that only informs.
    """
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return Reading(None, reason="no_price")
    if isinstance(raw, int | float):
        return _from_number(raw, currency)
    text = raw.strip(_SPACES)
    digits, stated = _without_sign(text)
    reason = ""
    if not text:
        reason = "no_price"
    elif len(text) > LONGEST or NOT_THE_PRICE.search(text) or not digits:
        reason = "text_in_price"
    elif stated not in {"", currency}:
        reason = "several_currencies"
    elif digits.startswith("-"):
        reason = "not_positive"
    return Reading(None, reason=reason) if reason else _from_digits(digits, currency)


def read_text(text: str) -> Reading:
    """A price in the words of a page, for display. Never sure; without an unmistakable currency there is none."""
    text = " ".join(text.split())
    if not text or len(text) > LONGEST or NOT_THE_PRICE.search(text):
        return Reading(None, reason="text_in_price")
    found = Price.fromstring(text)
    if found.amount is None:
        return Reading(None, reason="no_price")
    _digits, currency = _without_sign(text)
    if not currency:
        return Reading(None, reason="no_currency")
    amount = _money(found.amount, currency)
    return Reading(amount, reason="only_informative" if amount else "not_positive")


def _from_number(raw: float, currency: str) -> Reading:
    try:
        amount = Decimal(str(raw))
    except InvalidOperation:
        return Reading(None, reason="no_price")
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 15:
        return Reading(None, reason="no_price")
    rounded = round(amount, exponent(currency))
    # 1299.9900000001 is how a computer writes 1299.99; 10.833 is not how anybody writes a price.
    if abs(rounded - amount) > Decimal("0.00001"):
        return Reading(None, reason="ambiguous_price")
    return _sure(rounded, currency)


def _from_digits(digits: str, currency: str) -> Reading:
    scale = exponent(currency)
    if _PLAIN.fullmatch(digits):
        whole, _point, decimals = digits.partition(".")
        decimals = decimals.rstrip("0") if len(decimals) != 3 or scale == 3 else decimals
        if len(decimals) <= scale:
            return _sure(Decimal(f"{whole}.{decimals or 0}"), currency)
    grouped = _GROUPED.fullmatch(digits)
    if grouped:
        amount = Decimal(re.sub(r"[^0-9]", "", digits))
        # One point or comma and three digits: thousands for some, decimals for others.
        is_clear = digits.count(grouped[1]) > 1 or grouped[1] not in ".," or (scale == 0 and not digits.startswith("0"))
        reading = _sure(amount, currency)
        return reading if is_clear else Reading(reading.money, reason=reading.reason or "ambiguous_price")
    whole, separator, decimals = _split_decimals(digits)
    if not separator or not 1 <= len(decimals) <= scale or not (whole.isdigit() or _GROUPED.fullmatch(whole)):
        return Reading(None, reason="ambiguous_price")
    if separator in whole:
        return Reading(None, reason="ambiguous_price")
    return _sure(Decimal(re.sub(r"[^0-9]", "", whole) + "." + decimals), currency)


def _split_decimals(digits: str) -> tuple[str, str, str]:
    at = max(digits.rfind("."), digits.rfind(","))
    return (digits, "", "") if at < 0 else (digits[:at], digits[at], digits[at + 1 :])


def _without_sign(text: str) -> tuple[str, str]:
    """The digits with their separators, and the currency that stands before or behind them. Words make it no price."""
    match = _WRITTEN.search(text)
    if match is None:
        return "", ""
    digits = match[0].strip(_SPACES + ".,'’")
    before, behind = text[: match.start()].strip(_SPACES), text[match.end() :].strip(_SPACES)
    if before in {"-", "−"}:
        return f"-{digits}", ""
    currencies = set()
    for part in (*before.split(), *behind.split()):
        code = SIGNS.get(part.upper(), part.upper())
        if code in CURRENCIES:
            currencies.add(code)
        elif part not in {"$", "¥", ".-", "-", ",-"}:
            return "", ""
    return digits, currencies.pop() if len(currencies) == 1 else "several" if currencies else ""


def _money(amount: Decimal, currency: str) -> Money | None:
    if currency not in CURRENCIES:
        return None
    minor = int(round(amount, exponent(currency)).scaleb(exponent(currency)))
    return Money(minor, currency) if 0 < minor < MAX_MINOR else None


def _sure(amount: Decimal, currency: str) -> Reading:
    money = _money(amount, currency)
    return Reading(None, reason="not_positive") if money is None else Reading(money, is_sure=True)

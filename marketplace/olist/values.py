"""From the data set's texts to values; what does not fit raises `ValueError` with the reason."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from marketplace.core.errors import DomainError
from marketplace.core.money import Money

CURRENCY = "BRL"
# Times are written without offset, as clocks showed them in São Paulo.
TIME_ZONE = ZoneInfo("America/Sao_Paulo")

# Our names of its states. What it calls unavailable was never sent.
STATES = {
    "created": "placed",
    "approved": "paid",
    "processing": "paid",
    "invoiced": "packed",
    "shipped": "shipped",
    "delivered": "delivered",
    "canceled": "cancelled",
    "unavailable": "cancelled",
}

_KEY = re.compile(r"[0-9a-f]{32}")
_ZIP = re.compile(r"[0-9]{1,5}")


def key(text: str) -> str:
    """One of the data set's ids: 32 hexadecimal digits."""
    if not _KEY.fullmatch(text):
        raise ValueError("an id that is not 32 hexadecimal digits")
    return text


def zip_prefix(text: str) -> str:
    """Five digits; leading zeros are sometimes lost on the way."""
    if not _ZIP.fullmatch(text):
        raise ValueError("a zip prefix that is not up to five digits")
    return text.zfill(5)


def price(text: str) -> Money:
    """An amount more than zero."""
    try:
        amount = Money.parse(text, CURRENCY)
    except DomainError as error:
        raise ValueError("a price that is no amount") from error
    if not amount:
        raise ValueError("a price of zero")
    return amount


def moment(text: str) -> datetime:
    """A time of the data set, with its zone."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=TIME_ZONE)
    except ValueError as error:
        raise ValueError("a time that is not YYYY-MM-DD HH:MM:SS") from error


def state(text: str) -> str:
    """Our name of an order's state."""
    if text not in STATES:
        raise ValueError(f"an unknown order status {text[:20]!r}")
    return STATES[text]


def degrees(text: str) -> float:
    """A coordinate."""
    try:
        return float(text)
    except ValueError as error:
        raise ValueError("a coordinate that is no number") from error

"""The columns of a catalogue file, described once: import, export, feeds and documentation all read this.

A row is a variant; rows of one product repeat the product's columns. Every value has one way to be written (its
canonical text), so that comparing a file with the catalogue is comparing texts.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from marketplace.core.errors import DomainError
from marketplace.core.money import Money, exponent
from stores.catalog.barcodes import has_barcode_form, is_barcode

MAX_OPTIONS: Final = 20
MAX_OPTION_NAME: Final = 40
MAX_OPTION_VALUE: Final = 80
MAX_COUNT: Final = 1_000_000_000
_SLUG: Final = re.compile(r"[-a-zA-Z0-9_]+", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
UNREADABLE: Final = "\uffff"
"""Stands in a cell for what no database keeps: no character, so that nobody means it."""
UNSTORABLE: Final = re.compile(f"[\x00\ud800-\udfff{UNREADABLE}]")
_YES: Final = frozenset({"true", "yes", "1", "sí", "si", "verdadero"})
_NO: Final = frozenset({"false", "no", "0", "falso"})


class Part(Enum):
    """What a column belongs to."""

    PLACE = "place"  # which product and variant the row is about; never changed
    PRODUCT = "product"
    VARIANT = "variant"
    STOCK = "stock"  # only of variants that are new; the stock of others is moved, not imported


class ValueRefusedError(Exception):
    """A cell that does not fit its column; `reasons` has the words."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


Read = Callable[[str, str], str]
"""From a cell that is not empty and the store's currency to the canonical text. Raises `ValueRefusedError`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the first line, what reads it, and its words in the documentation."""

    name: str
    part: Part
    read: Read
    about: str
    is_required: bool = False  # in the first line, and filled in every row
    needed_for_new: bool = False


def text_of(most: int) -> Read:
    """Any text up to so many characters."""

    def read(cell: str, _currency: str) -> str:
        if UNSTORABLE.search(cell):
            raise ValueRefusedError("unreadable")
        if len(cell) > most:
            raise ValueRefusedError("too_long", most=most)
        return cell

    return read


def visible_text_of(most: int) -> Read:
    """The same, with something to see in it."""
    reads = text_of(most)

    def read(cell: str, currency: str) -> str:
        if not cell.strip():
            raise ValueRefusedError("required")
        return reads(cell, currency)

    return read


def slug_of(most: int) -> Read:
    """ASCII letters, digits, hyphens and underscores."""

    def read(cell: str, _currency: str) -> str:
        if len(cell) > most:
            raise ValueRefusedError("too_long", most=most)
        if not _SLUG.fullmatch(cell):
            raise ValueRefusedError("slug")
        return cell

    return read


def read_yes_no(cell: str, _currency: str) -> str:
    """`true` or `false`."""
    word = cell.strip().lower()
    if word in _YES:
        return "true"
    if word in _NO:
        return "false"
    raise ValueRefusedError("yes_no")


def read_price(cell: str, currency: str) -> str:
    """An amount more than zero, in major units of the store's currency."""
    text = read_cost(cell, currency)
    if not Money.parse(text, currency):
        raise ValueRefusedError("not_positive")
    return text


def read_cost(cell: str, currency: str) -> str:
    """An amount, zero too."""
    try:
        return amount_text(Money.parse(cell.strip(), currency).minor, currency)
    except DomainError as error:
        raise ValueRefusedError("amount", scale=exponent(currency)) from error


def read_currency(cell: str, currency: str) -> str:
    """The store's, or it is refused."""
    if cell.strip().upper() != currency:
        raise ValueRefusedError("currency", currency=currency)
    return currency


def read_barcode(cell: str, _currency: str) -> str:
    """A GTIN whose last digit fits the others."""
    digits = cell.strip()
    if not has_barcode_form(digits):
        raise ValueRefusedError("barcode")
    if not is_barcode(digits):
        raise ValueRefusedError("barcode_check")
    return digits


def read_options(cell: str, _currency: str) -> str:
    """A JSON object of texts."""
    try:
        options = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise ValueRefusedError("options") from error
    is_texts = isinstance(options, dict) and all(isinstance(value, str) for value in options.values())
    if not is_texts or UNSTORABLE.search("".join([*options, *options.values()])):
        raise ValueRefusedError("options")
    fits = len(options) <= MAX_OPTIONS and all(
        1 <= len(name) <= MAX_OPTION_NAME and len(value) <= MAX_OPTION_VALUE for name, value in options.items()
    )
    if not fits:
        raise ValueRefusedError("options")
    return options_text(options)


def read_count(cell: str, _currency: str) -> str:
    """A whole number, zero or more."""
    digits = cell.strip()
    if not _COUNT.fullmatch(digits) or int(digits) > MAX_COUNT:
        raise ValueRefusedError("count", most=MAX_COUNT)
    return str(int(digits))


def amount_text(minor: int, currency: str) -> str:
    """Minor units as people write them: 1500 of MXN is `15.00`."""
    scale = exponent(currency)
    if scale == 0:
        return str(minor)
    whole, rest = divmod(minor, 10**scale)
    return f"{whole}.{rest:0{scale}d}"


def options_text(options: dict[str, str]) -> str:
    """Names in order, so that equal options are equal texts; nothing for none."""
    return json.dumps(options, ensure_ascii=False, sort_keys=True) if options else ""


COLUMNS: Final = (
    Column("store", Part.PLACE, slug_of(140), "slug of the store", is_required=True),
    Column("product", Part.PLACE, slug_of(220), "slug of the product inside its store", is_required=True),
    Column("name", Part.PRODUCT, visible_text_of(200), "the product's name", needed_for_new=True),
    Column("description", Part.PRODUCT, text_of(20_000), "text; empty for none"),
    Column("category", Part.PRODUCT, slug_of(140), "slug of a category that is there already", needed_for_new=True),
    Column("brand", Part.PRODUCT, slug_of(140), "slug of the brand; empty for none"),
    Column(
        "brand_name",
        Part.PRODUCT,
        visible_text_of(120),
        "name of the brand: a brand that is not there yet is made when this is given; it never renames one",
    ),
    Column("published", Part.PRODUCT, read_yes_no, "`true` or `false`; `true` for a new product without it"),
    Column(
        "sku", Part.PLACE, visible_text_of(64), "unique inside the store: what the row is known by", is_required=True
    ),
    Column("barcode", Part.VARIANT, read_barcode, "GTIN of 8, 12, 13 or 14 digits; empty for none"),
    Column("options", Part.VARIANT, read_options, 'JSON object of texts, `{"color": "azul"}`; empty for none'),
    Column(
        "price",
        Part.VARIANT,
        read_price,
        "tax included, plain digits with the currency's decimals: `349.00`",
        needed_for_new=True,
    ),
    Column("cost", Part.VARIANT, read_cost, "written as the price; empty for unknown"),
    Column("currency", Part.VARIANT, read_currency, "the store's own; anything else is an error"),
    Column("active", Part.VARIANT, read_yes_no, "`true` or `false`; `true` for a new variant without it"),
    Column("on_hand", Part.STOCK, read_count, "opening stock of a new variant; ignored for one that is there"),
    Column("reorder_point", Part.STOCK, read_count, "of a new variant; ignored for one that is there"),
    Column("reorder_qty", Part.STOCK, read_count, "of a new variant; ignored for one that is there"),
)
BY_NAME: Final = {column.name: column for column in COLUMNS}
NAMES: Final = tuple(BY_NAME)
REQUIRED: Final = tuple(column.name for column in COLUMNS if column.is_required)
# An empty cell empties these; in any other column it is as if the column were not there.
CLEARABLE: Final = frozenset({"description", "brand", "barcode", "options", "cost"})
# Not of the object itself: never a difference.
SILENT: Final = frozenset({"brand_name", "currency"}) | {
    column.name for column in COLUMNS if column.part in {Part.STOCK, Part.PLACE}
}

"""Barcodes: the GTIN family, 8, 12, 13 or 14 digits of which the last checks the others."""

import re

from stdnum import ean

from marketplace.core.errors import InvalidInputError, gettext_noop

_DIGITS = re.compile(r"[0-9]{8}|[0-9]{12,14}")
WRONG_BARCODE = gettext_noop("A barcode has 8, 12, 13 or 14 digits, and the last one must check the others.")


def has_barcode_form(text: str) -> bool:
    """Whether the text has as many digits as a GTIN-8, UPC, EAN or GTIN-14, and nothing else."""
    return _DIGITS.fullmatch(text) is not None


def is_barcode(text: str) -> bool:
    """Whether the text is a GTIN-8, UPC, EAN or GTIN-14 with a right check digit."""
    return has_barcode_form(text) and bool(ean.is_valid(text))


def require_barcode(text: str) -> str:
    """The barcode, or nothing. Raises `InvalidInputError` for anything else."""
    if text and not is_barcode(text):
        raise InvalidInputError.of("barcode", "invalid_barcode", WRONG_BARCODE)
    return text

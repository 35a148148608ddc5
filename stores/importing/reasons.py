"""What may be wrong with a row, in words. Rows keep the code and its figures; the text is made for the reader."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from marketplace.core.errors import DomainError, gettext_noop

from . import errors

REASONS: Final[dict[str, str]] = {
    "required": gettext_noop("This column must be filled in."),
    "unreadable": gettext_noop("The text holds characters that cannot be stored."),
    "too_long": gettext_noop("At most %(most)s characters."),
    "slug": gettext_noop("Only letters without accents, digits, hyphens and underscores."),
    "yes_no": gettext_noop("Write true or false."),
    "amount": gettext_noop("Write the amount as plain digits with at most %(scale)s decimals, such as 499.00."),
    "not_positive": gettext_noop("The amount must be more than zero."),
    "currency": gettext_noop("The store's currency is %(currency)s."),
    "barcode": gettext_noop("A barcode has 8, 12, 13 or 14 digits."),
    "barcode_check": gettext_noop("The barcode's check digit is wrong."),
    "barcode_taken": gettext_noop("Another variant of the store has this barcode."),
    "options": gettext_noop('Write options as {"name": "value"}: at most 20, names up to 40, values up to 80 letters.'),
    "count": gettext_noop("Write a whole number from 0 to %(most)s."),
    "not_found": gettext_noop("Not found."),
    "sku_taken": gettext_noop("Another product of the store has this SKU."),
    "stock_key": gettext_noop("You may not fill shelves here: leave the columns of stock empty."),
    "deleted": gettext_noop("It was deleted; its name is not given out again."),
    "twice": gettext_noop("The same is in line %(line)s already."),
    "differs": gettext_noop("The product's columns differ from those in line %(line)s."),
    "changed_since": gettext_noop("It was changed since the preview: now “%(now)s”."),
}


def reason(code: str, params: Mapping[str, Any]) -> str:
    """The text in the reader's language."""
    text = _(REASONS[code]) if code in REASONS else code
    return text % params if params else text


def failure_text(failure: Mapping[str, Any]) -> str:
    """Why a run failed, in the reader's language; empty for one that did not."""
    kind = _FAILURES.get(failure.get("code", ""))
    if kind is None:
        return ""
    params = failure.get("params") or {}
    return _(kind.message) % params if params else _(kind.message)


_FAILURES: Final[dict[str, type[DomainError]]] = {
    kind.code: kind
    for kind in (
        errors.ImportFileError,
        errors.UnknownFileFormatError,
        errors.FileTooLargeError,
        errors.PackedTooTightError,
        errors.TooManyRowsError,
        errors.NotTextError,
        errors.MalformedFileError,
        errors.UnsafeXmlError,
        errors.CellTooLargeError,
        errors.HeaderError,
        errors.ImportGivenUpError,
    )
}

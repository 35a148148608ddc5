"""Tables on A4: statements, orders to suppliers. A typeface that has the letters of most alphabets, page numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .loaded import OnDemand

if TYPE_CHECKING:
    from .pdf_sheet import Sheet

_pdf_sheet: Final = OnDemand("marketplace.core.pdf_sheet")


@dataclass(frozen=True, slots=True)
class Column:
    """Millimetres, and whether it holds numbers (which stand at the right)."""

    width: float
    is_number: bool = False


def new_sheet(*, title: str, page_word: str, language: str, columns: Sequence[Column]) -> "Sheet":
    """A page with a title, to write lines and rows on; `page_word` stands before each page's number."""
    sheet: Sheet = _pdf_sheet.Sheet(title=title, page_word=page_word, language=language, columns=columns)
    return sheet

"""Texts in cells of spreadsheets: what would run is made harmless and back, what XML cannot hold is written as Excel
does.

The rule of `defusedcsv` (an apostrophe before what begins like a formula), made reversible: a text that begins with an
apostrophe gets one more, so that taking one off gives back what was there. Tabs and returns in front count too.
"""

import re
from typing import Final

FORMULA_STARTS: Final = frozenset("=+-@|%\t\r")
_MARKED: Final = FORMULA_STARTS | {"'"}
# What XML cannot hold or would change, and what looks like the way Excel writes it.
_NO_XML: Final = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def neutralised(text: str) -> str:
    """What goes into a file."""
    return f"'{text}" if text[:1] in _MARKED else text


def restored(cell: str) -> str:
    """What was meant: the inverse of `neutralised`; other cells stay as they are."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _MARKED else cell


def workbook_cell(text: str) -> str | None:
    """What goes into a cell of a workbook: neutralised, in characters that XML has; nothing for an empty text."""
    return _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", neutralised(text)) or None

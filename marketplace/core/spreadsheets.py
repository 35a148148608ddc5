"""Cells that a spreadsheet would run, made harmless and back.

The rule of `defusedcsv` (an apostrophe before what begins like a formula), made reversible: a text that begins with an
apostrophe gets one more, so that taking one off gives back what was there. Tabs and returns in front count too.
"""

from typing import Final

FORMULA_STARTS: Final = frozenset("=+-@|%\t\r")
_MARKED: Final = FORMULA_STARTS | {"'"}


def neutralised(text: str) -> str:
    """What goes into a file."""
    return f"'{text}" if text[:1] in _MARKED else text


def restored(cell: str) -> str:
    """What was meant: the inverse of `neutralised`; other cells stay as they are."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _MARKED else cell

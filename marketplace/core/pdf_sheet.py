"""The sheet itself: loaded when the first one is made (`pdf.new_sheet`), for its library and typeface are large."""

from bisect import bisect_left
from collections.abc import Sequence
from importlib.resources import as_file, files
from typing import Final

from fpdf import FPDF, Align, XPos, YPos

from .pdf import Column

_FAMILY: Final = "open-sans"
_TYPEFACE: Final = "OpenSans[wdth,wght].ttf"
_ROW: Final = 6


class Sheet(FPDF):
    """A page with a title; `row` writes one line of its table."""

    def __init__(self, *, title: str, page_word: str, language: str, columns: Sequence[Column]) -> None:
        super().__init__(format="A4")
        self.columns = columns
        self.page_word = page_word
        self.set_title(title)
        self.set_lang(language)
        with as_file(files("fontpkg_open_sans") / "files" / _TYPEFACE) as path:
            self.add_font(_FAMILY, fname=path)
        self.add_page()
        self.set_font(_FAMILY, size=16)
        self.line_of(title)
        self.set_font_size(9)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font(_FAMILY, size=9)
        self.cell(w=0, text=f"{self.page_word} {self.page_no()} / {{nb}}", align=Align.R)

    def line_of(self, text: str) -> None:
        """A line across the page."""
        self.cell(text=self._fitting(text, self.epw), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def row(self, *cells: str) -> None:
        """One line of the table; text that does not fit is cut."""
        for number, (text, column) in enumerate(zip(cells, self.columns, strict=True)):
            is_last = number == len(self.columns) - 1
            self.cell(
                w=column.width,
                h=_ROW,
                text=self._fitting(text, column.width - 2),
                align=Align.R if column.is_number else Align.L,
                new_x=XPos.LMARGIN if is_last else XPos.RIGHT,
                new_y=YPos.NEXT if is_last else YPos.TOP,
            )

    def _fitting(self, text: str, width: float) -> str:
        if self.get_string_width(text) <= width:
            return text
        # By halves: measuring after each letter made a long order take many seconds.
        too_long = bisect_left(
            range(len(text)), True, key=lambda count: self.get_string_width(f"{text[:count]}…") > width
        )
        return f"{text[: max(0, too_long - 1)]}…"

"""Statements as files: CSV for spreadsheets, line by line; PDF for people, all at once."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from funds.ledger.models import JournalKind
from marketplace.core.formatting import shown_day, shown_decimal, shown_moment
from marketplace.core.money import Money
from marketplace.core.pdf import Column, new_sheet
from marketplace.core.spreadsheets import neutralised

from .errors import StatementTooLongError
from .statements import Line, Statement

MAX_PDF_LINES: Final = 2_000
_BOM: Final = "\ufeff"
_COLUMNS: Final = (Column(38), Column(78), Column(32, is_number=True), Column(32, is_number=True))


@dataclass(frozen=True, slots=True)
class _Words:
    """Every word of a statement in one language, looked up before anything is written."""

    title: str
    opening: str
    closing: str
    kinds: dict[str, str]
    columns: tuple[str, ...]
    page: str

    @classmethod
    def in_language(cls, language: str) -> "_Words":
        with translation.override(language):
            return cls(
                title=_("Statement"),
                opening=_("Opening balance"),
                closing=_("Closing balance"),
                kinds={kind.value: str(kind.label) for kind in JournalKind},
                columns=(_("Date"), _("Number"), _("What"), _("Amount"), _("Balance"), _("Reference"), _("Note")),
                page=_("Page"),
            )


def csv_of(statement: Statement, language: str) -> Iterator[str]:
    """The statement's text, line by line: a header, the opening balance, every movement, the closing balance.

    Begins with the mark by which spreadsheets know UTF-8. A cell that a spreadsheet would take for a formula has an
    apostrophe before it.
    """
    words = _Words.in_language(language)
    line = io.StringIO()
    writer = csv.writer(line)

    def written(*cells: str | int) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow(cells)
        return line.getvalue()

    date, number, what, amount, balance, reference, note = words.columns
    currency = statement.currency
    yield _BOM
    yield written(date, number, what, f"{amount} ({currency})", f"{balance} ({currency})", reference, note)
    yield written(str(statement.since), "", words.opening, "", _plain(statement.opening), "", "")
    for each in statement.lines():
        yield written(
            each.booked_at.isoformat(timespec="seconds"),
            each.number,
            words.kinds.get(each.kind, each.kind),
            _plain(each.amount),
            _plain(each.balance),
            neutralised(each.source),
            neutralised(_on_one_line(each.note)),
        )
    yield written(str(statement.until), "", words.closing, "", _plain(statement.closing), "", "")


def pdf_of(statement: Statement, language: str) -> bytes:
    """The statement on A4. Raises `StatementTooLongError` past `MAX_PDF_LINES`."""
    if statement.count() > MAX_PDF_LINES:
        raise StatementTooLongError(most=MAX_PDF_LINES)
    with translation.override(language):
        return _pdf(statement, language)


def _pdf(statement: Statement, language: str) -> bytes:
    words = _Words.in_language(language)
    sheet = new_sheet(title=words.title, page_word=words.page, language=language, columns=_COLUMNS)
    since, until = shown_day(statement.since), shown_day(statement.until)
    for text in filter(None, (statement.holder, f"{since} – {until}", statement.currency)):
        sheet.line_of(text)
    sheet.ln(4)
    date, _number, what, amount, balance = words.columns[:5]
    sheet.row(date, what, amount, balance)
    sheet.row(since, words.opening, "", shown_decimal(statement.opening))
    for line in statement.lines():
        booked_at = shown_moment(line.booked_at, line.booked_at.tzinfo)
        sheet.row(booked_at, _what(line, words), shown_decimal(line.amount), shown_decimal(line.balance))
    sheet.row(until, words.closing, "", shown_decimal(statement.closing))
    return bytes(sheet.output())


def _what(line: Line, words: _Words) -> str:
    kind, note = words.kinds.get(line.kind, line.kind), _on_one_line(line.note)
    return f"{kind}: {note}" if note else kind


def _plain(money: Money) -> str:
    return f"{money.decimal:f}"


def _on_one_line(text: str) -> str:
    return " ".join(text.split())

"""Reading catalogue files: CSV and XLSX as a stream of lines, never the whole file at once. Nothing is trusted."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from django.conf import settings
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from marketplace.core.spreadsheets import restored

from .columns import NAMES, REQUIRED, UNREADABLE, UNSTORABLE
from .errors import (
    CellTooLargeError,
    FileTooLargeError,
    HeaderError,
    MalformedFileError,
    NotTextError,
    PackedTooTightError,
    TooManyRowsError,
    UnsafeXmlError,
)
from .models import ImportRun

Line = tuple[int, dict[str, str]]
"""The line's number in the file (a workbook: the row's), and its cells by column."""

MAX_CELL: Final = 100_000
MAX_LINE: Final = 1_000_000
MAX_UNPACKED: Final = 400_000_000
MAX_SHARED_STRINGS: Final = 60_000_000
"""They are held in memory."""
MAX_RATIO: Final = 200
MAX_RECORDS: Final = 1_048_576
"""As many as a sheet can have. Empty ones count too: a few bytes can say that there are a thousand million of them."""
_BLOCK: Final = 1 << 20
# Latin-1 has no characters there: such bytes belong to another encoding, or to no text at all.
_NO_LATIN: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x80-\x9f]")
# How Excel writes what XML cannot hold.
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")


def lines_of(file: IO[bytes], file_format: str) -> Iterator[Line]:
    """Every line that is not empty, as texts by column. Raises one of the `ImportFileError`s.

    The header is read at once, the rest as it is asked for.
    """
    refuse_large(file)
    table = workbook_rows(file) if file_format == ImportRun.Format.XLSX else csv_rows(file)
    _number, header = next(table, (1, []))
    columns = columns_of(header)
    return _limited((number, dict(zip(columns, cells, strict=False))) for number, cells in table if any(cells))


def refuse_large(file: IO[bytes]) -> None:
    """Raises `FileTooLargeError`."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > settings.IMPORT_MAX_FILE_BYTES:
        raise FileTooLargeError(most=settings.IMPORT_MAX_FILE_BYTES)


def _limited(lines: Iterable[Line]) -> Iterator[Line]:
    for count, line in enumerate(lines, start=1):
        if count > settings.IMPORT_MAX_ROWS:
            raise TooManyRowsError(most=settings.IMPORT_MAX_ROWS)
        yield line


limited = _limited


def columns_of(header: Sequence[str]) -> list[str]:
    """The columns in the file's order. Raises `HeaderError`."""
    named = [cell.strip().lower() for cell in header]
    while named and not named[-1]:
        named.pop()
    missing = [name for name in REQUIRED if name not in named]
    unknown = [name for place, name in enumerate(named) if name not in NAMES or name in named[:place]]
    if missing or unknown:
        shown = ", ".join(name[:40] for name in unknown[:10])
        raise HeaderError(missing=", ".join(missing) or "–", unknown=shown or "–")
    return named


def csv_rows(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line each begins in. Raises `NotTextError`, `CellTooLargeError` and the like."""
    encoding = encoding_of(file)
    file.seek(0)
    delimiter = _delimiter(file.readline(10_000))
    file.seek(0)
    reader = csv.reader(_texts(file, encoding), delimiter=delimiter, strict=True)
    begins, count = 1, 0
    while (cells := _next_row(reader, begins)) is not None:
        count += 1
        _refuse_endless(count)
        if any(len(cell) > MAX_CELL for cell in cells):
            raise CellTooLargeError(line=begins, most=MAX_CELL)
        yield begins, [restored(cell) for cell in cells]
        begins = reader.line_num + 1


def _refuse_endless(records: int) -> None:
    if records > MAX_RECORDS:
        raise TooManyRowsError(most=MAX_RECORDS)


def _texts(file: IO[bytes], encoding: str) -> Iterator[str]:
    number = 0
    while raw := file.readline(MAX_LINE):
        number += 1
        if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
            raise CellTooLargeError(line=number, most=MAX_CELL)
        yield raw.removeprefix(codecs.BOM_UTF8).decode(encoding) if number == 1 else raw.decode(encoding)


def _next_row(reader: Any, begins: int) -> list[str] | None:
    try:
        row: list[str] | None = next(reader, None)
    except csv.Error as error:
        if "field larger than" in str(error):
            raise CellTooLargeError(line=begins, most=MAX_CELL) from error
        raise MalformedFileError(line=begins) from error
    return row


def _delimiter(first: bytes) -> str:
    """Spreadsheets of countries with decimal commas separate by semicolons, and by tabs when pasted."""
    return max(b",", b";", b"\t", key=first.count).decode()


def encoding_of(file: IO[bytes]) -> str:
    """UTF-8 with or without its mark, else Latin-1. Raises `NotTextError` with the line of the first other byte."""
    file.seek(0)
    is_utf8, line, rest = True, 1, b""
    while block := file.read(_BLOCK):
        data = rest + block
        rest = b""
        if b"\x00" in data:
            raise NotTextError(line=line + data.count(b"\n", 0, data.index(b"\x00")))
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.end == len(data) and error.reason == "unexpected end of data" and len(block) == _BLOCK:
                rest = data[error.start :]
            else:
                is_utf8 = False
                break
        line += data.count(b"\n")
    if is_utf8 and not rest:
        return "utf-8"
    _refuse_no_latin(file)
    return "latin-1"


def _refuse_no_latin(file: IO[bytes]) -> None:
    file.seek(0)
    line = 1
    while block := file.read(_BLOCK):
        found = _NO_LATIN.search(block)
        if found:
            raise NotTextError(line=line + block.count(b"\n", 0, found.start()))
        line += block.count(b"\n")


def workbook_rows(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet. Raises `PackedTooTightError`, `MalformedFileError` and the like."""
    number = 0
    try:
        refuse_bomb(file)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what a stranger's file says of its own size is not believed
            for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=len(NAMES) + 10), start=1):
                _refuse_endless(number)
                # Gaps between rows come as rows of nothing: a stranger's file may have a million of them.
                yield number, [_cell_text(cell, number) for cell in cells] if any(cells) or 0 in cells else []
        finally:
            book.close()
    except DefusedXmlException as error:
        raise UnsafeXmlError from error
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, IndexError, ValueError, TypeError, OSError,
            EOFError, AttributeError, NotImplementedError) as error:  # fmt: skip
        # Of a workbook that was made by hand openpyxl says "wrong" in many ways.
        if isinstance(error.__cause__, DefusedXmlException):
            raise UnsafeXmlError from error
        raise MalformedFileError(line=number + 1) from error


def refuse_bomb(file: IO[bytes]) -> None:
    """By the archive's own table, which bounds what will be unpacked. Raises `PackedTooTightError`."""
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    strings = sum(member.file_size for member in members if "sharedstrings" in member.filename.lower())
    if unpacked > MAX_UNPACKED or (unpacked > 10 * _BLOCK and unpacked > packed * MAX_RATIO):
        raise PackedTooTightError(most=MAX_UNPACKED)
    if strings > MAX_SHARED_STRINGS:
        raise PackedTooTightError(most=MAX_SHARED_STRINGS)
    file.seek(0)


def _cell_text(cell: Any, number: int) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 10**15:
            return str(int(cell))
        case float():
            return repr(cell)
        case str():
            if len(cell) > MAX_CELL:
                raise CellTooLargeError(line=number, most=MAX_CELL)
            return restored(_ESCAPED.sub(_unescaped, cell))
    return str(cell)


def _unescaped(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return UNREADABLE if UNSTORABLE.search(letter) else letter

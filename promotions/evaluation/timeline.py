"""Rows in the order of time, whatever the order of the file: sorted in pieces on disk, then merged.

Memory holds one piece; a log that fits in one never touches the disk.
"""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import IO, Final

PIECE: Final = 200_000

Timed = tuple[float, list[str]]


def in_order(rows: Iterable[Timed], *, piece: int = PIECE) -> Iterator[Timed]:
    """The rows by their moment; those of one moment stay as they came. No text has a tab or a line's end."""
    with ExitStack() as files:
        runs: list[IO[str]] = []
        held: list[Timed] = []
        for row in rows:
            held.append(row)
            if len(held) == piece:
                runs.append(files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")))
                _spill(held, runs[-1])
                held = []
        held.sort(key=_moment)
        yield from heapq.merge(*map(_read, runs), held, key=_moment) if runs else held


def _moment(row: Timed) -> float:
    return row[0]


def _spill(rows: list[Timed], file: IO[str]) -> None:
    rows.sort(key=_moment)
    file.writelines("\t".join([repr(moment), *texts]) + "\n" for moment, texts in rows)
    file.seek(0)


def _read(file: IO[str]) -> Iterator[Timed]:
    for line in file:
        moment, *texts = line.rstrip("\n").split("\t")
        yield float(moment), texts

"""Lines of a log of any size, and rows out of them: what cannot be read is counted and named, never an end."""

import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

LONGEST: Final = 16_384
"""Characters of a line; what is longer is no row of any layout."""

NAMED: Final = 3
"""So many lines of each fault are named."""


class MalformedError(ValueError):
    """A line that is no row; the message says why in a few words."""


@dataclass(slots=True)
class Faults:
    """Lines that were left out: how many for each reason, and where the first ones are."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def note(self, reason: str, number: int) -> None:
        """One more."""
        self.counts[reason] += 1
        named = self.lines.setdefault(reason, [])
        if len(named) < NAMED:
            named.append(number)

    def told(self) -> list[str]:
        """A sentence for each reason, the most frequent first."""
        return [
            f"{count} left out: {reason} (line {', '.join(map(str, self.lines[reason]))}{', …' * (count > NAMED)})"
            for reason, count in self.counts.most_common()
        ]


def lines_of(path: Path, faults: Faults) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends; `.gz` is unpacked. A line is never held longer than `LONGEST`."""
    with _opened(path) as stream:
        number = 0
        while chunk := stream.readline(LONGEST):
            number += 1
            if not chunk.endswith("\n") and len(chunk) == LONGEST:
                while (rest := stream.readline(LONGEST)) and not rest.endswith("\n"):
                    pass
                faults.note("a line too long", number)
            elif stripped := chunk.rstrip("\r\n"):
                yield number, stripped


def rows_of(
    lines: Iterable[tuple[int, str]], parse: Callable[[int, str], tuple[float, list[str]] | None], faults: Faults
) -> Iterator[tuple[float, list[str]]]:
    """What `parse` makes of the lines: a moment and texts; None is a line without a row (a header)."""
    for number, line in lines:
        try:
            row = parse(number, line)
        except MalformedError as error:
            faults.note(str(error), number)
            continue
        if row is not None:
            yield row


def _opened(path: Path) -> IO[str]:
    # What is no UTF-8 becomes a mark that no name and no number has: the row is refused, not the file.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="\n")
    return path.open(encoding="utf-8-sig", errors="replace", newline="\n")

"""The blocks of code in the documentation: what each is, and what becomes of it.

    python -m scripts.docs_blocks

lists them. Nothing stands in a page that nobody tries, unless the page says why. A block is one of:

| block | what becomes of it |
|---|---|
| `bash` | carried out from the top of its page to the end, against a running shop (`scripts.docs_run`) |
| `output` below it | compared with what that block printed; `…` stands for what differs each time |
| `text`, `mermaid` | something to look at |
| any, below `<!-- run: names -->` | its commands, targets, modules and options exist (`scripts.docs_names`) |
| any, below `<!-- run: path/of/test_x.py -->` | that test reads the page and tries it |
| any, below `<!-- not run: reason -->` | nothing |

`<!-- every block run: … -->` at the head of a page says it for all blocks that say nothing themselves.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from textwrap import dedent
from typing import Final

from scripts.docs import ROOT, pages

ELSEWHERE: Final = {Path("docs/deploy.md"): "scripts.try_deploy carries it out"}
"""Pages whose blocks have a runner of their own."""

_FENCE = re.compile(r"^([ \t]*)(```+|~~~+)[ \t]*([^\n`]*)\n(.*?)^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_NOTE = re.compile(r"^[ \t]*<!--\s*(run|not run):\s*([^\n]*?)\s*-->\n\n?\Z", re.MULTILINE)
_EVERY = re.compile(r"<!--\s*every block run:\s*(.*?)\s*-->")


class Fate(Enum):
    """What becomes of a block."""

    CARRIED_OUT = "carried out"
    COMPARED = "compared with what was printed"
    NAMES = "names looked up"
    TEST = "tried by"
    SHOWN = "to look at"
    NOT_RUN = "not run"


_BY_LANGUAGE: Final = {
    "bash": Fate.CARRIED_OUT,
    "output": Fate.COMPARED,
    "text": Fate.SHOWN,
    "mermaid": Fate.SHOWN,
}


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `detail` is the test's path or the reason; `fate` is None where the page does not say."""

    page: Path
    line: int
    language: str
    code: str
    fate: Fate | None
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path, text: str) -> list[Block]:
    """Every block of a page, in order; `line` is that of the opening fence, counted from one."""
    every = _EVERY.search(text)
    found = []
    for match in _FENCE.finditer(text):
        language = (match[3].split() or [""])[0]
        note = _NOTE.search(text[: match.start()])
        fate, detail = _BY_LANGUAGE.get(language), ""
        if note:
            fate, detail = _said(*note.groups())
        elif every and fate is None:
            fate, detail = _said("run", every[1])
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, language, dedent(match[4]), fate, detail))
    return found


def _said(word: str, what: str) -> tuple[Fate, str]:
    if word == "not run":
        return Fate.NOT_RUN, what
    return (Fate.NAMES, "") if what == "names" else (Fate.TEST, what)


def all_blocks(root: Path = ROOT) -> list[Block]:
    """Every block of every page whose blocks are ours to try."""
    found = []
    for page in pages(root):
        if page not in ELSEWHERE:
            found += blocks(page, (root / page).read_text(encoding="utf-8"))
    return found


def problems(root: Path = ROOT) -> Iterator[str]:
    """Each block that nobody tries and nothing is said about; each test that is named and does not read the page."""
    before: Block | None = None
    for block in all_blocks(root):
        if block.fate is None:
            yield f"{block}: nobody tries this block of {block.language or 'no language'}; say `<!-- not run: why -->`"
        if block.fate is Fate.NOT_RUN and len(block.detail.split()) < 2:
            yield f"{block}: not run, and no reason"
        if block.fate is Fate.TEST and not _reads(root, block):
            yield f"{block}: {block.detail} is no test that reads this page"
        if block.fate is Fate.COMPARED and not _follows(before, block):
            yield f"{block}: output of no command"
        before = block


def _reads(root: Path, block: Block) -> bool:
    """Whether there is such a file, and it, or a module of its folder, names the page."""
    path = root / block.detail
    if not path.is_file() or not path.name.startswith("test_"):
        return False
    return any(block.page.name in each.read_text(encoding="utf-8") for each in path.parent.glob("*.py"))


def _follows(before: Block | None, block: Block) -> bool:
    return before is not None and before.page == block.page and before.fate is Fate.CARRIED_OUT


def main() -> int:
    """Print the list; 0 when there is nothing to mend."""
    for block in all_blocks():
        fate = block.fate.value if block.fate else "???"
        print(f"{block!s:<52} {block.language:<8} {fate} {block.detail}".rstrip())
    found = list(problems())
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

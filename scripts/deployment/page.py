"""docs/deploy.md as blocks to run: `sh` fences in order, and what an HTML comment before a fence says about it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

FILE = Path("docs", "deploy.md")
# What `scripts.try_deploy` can do in the place of a block.
STEPS = frozenset({"start-units", "restart-units", "start-nginx"})
# A fence of a list is indented; so is everything in it.
FENCE = re.compile(r"^(?P<indent>[ ]*)```sh\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL)
OPENED = re.compile(r"^[ ]*```sh\b", re.MULTILINE)
MARK = re.compile(r"<!--\s*try:\s*(?P<words>(?:(?!-->).)*?)\s*-->[ ]*\n[ ]*\Z", re.DOTALL)
ANY_MARK = re.compile(r"<!--\s*try:")
SKIP = re.compile(r"skip:\s+(?P<why>\S.*)", re.DOTALL)
INSTEAD = re.compile(r"instead\s+(?P<step>[a-z-]+):\s+(?P<why>\S.*)", re.DOTALL)


class PageError(ValueError):
    """The page cannot be run; the message names the line."""


@dataclass(frozen=True)
class Block:
    """A fence: its text, the line of its first command, and why it is left out or what is done instead."""

    text: str
    line: int
    skipped: str = ""
    instead: str = ""
    why: str = ""

    @property
    def title(self) -> str:
        """The first command, for a person who watches."""
        return self.text.strip().splitlines()[0].strip() if self.text.strip() else ""


def blocks(page: str, steps: Collection[str] = ()) -> list[Block]:
    """Every `sh` block of a page, in order.

    Raises:
        PageError: a fence that never ends, a mark that is none, stands before no block, or names a step that is not
            among `steps`.
    """
    found, used = [], 0
    for fence in FENCE.finditer(page):
        line = page.count("\n", 0, fence.start("text")) + 1
        indent = len(fence["indent"])
        text = "".join(each[indent:] if each.strip() else "\n" for each in fence["text"].splitlines(keepends=True))
        mark = MARK.search(page, 0, fence.start())
        used += mark is not None
        found.append(_marked(text, line, mark["words"] if mark else "", steps))
    if len(found) != len(OPENED.findall(page)):
        raise PageError("a block is opened by ```sh and never closed at the same depth")
    if used != len(ANY_MARK.findall(page)):
        raise PageError("a comment `<!-- try: … -->` stands directly before no sh block")
    return found


def _marked(text: str, line: int, words: str, steps: Collection[str]) -> Block:
    if not words:
        return Block(text, line)
    if skip := SKIP.fullmatch(words):
        return Block(text, line, skipped=" ".join(skip["why"].split()))
    instead = INSTEAD.fullmatch(words)
    if instead is None:
        raise PageError(f"line {line}: `try: {words}` is neither `skip: why` nor `instead step: why`")
    if instead["step"] not in steps:
        raise PageError(f"line {line}: there is no step {instead['step']}; there are {', '.join(sorted(steps))}")
    return Block(text, line, instead=instead["step"], why=" ".join(instead["why"].split()))

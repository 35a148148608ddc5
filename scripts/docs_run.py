"""Carry out the commands of pages, word for word, against a running shop.

    python -m scripts.docs_run docs/tutorial.md [--base http://127.0.0.1:8000]

Every `bash` block of a page goes to one bash, from top to bottom, which stops at the first failure; an `output` block
below one says what it must print. Commands run in a folder of their own that looks like a checkout, so that files they
write are gone afterwards.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from scripts.docs import ROOT
from scripts.docs_blocks import Block, Fate, blocks

ANYTHING: Final = "…"
PATIENCE_SECONDS: Final = 300
_END: Final = "\x1e"
"""Printed after each block; no page prints it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a page's commands printed, and what was wrong."""

    printed: str
    problems: tuple[str, ...]


def carry_out(page: Path, *, base: str, variables: Mapping[str, str], root: Path = ROOT) -> Told:
    """Carry out a page's blocks against the shop at `base`. Paths of the page are those of a checkout."""
    text = (root / page).read_text(encoding="utf-8")
    found = blocks(page, text)
    commands = [block for block in found if block.fate is Fate.CARRIED_OUT]
    with tempfile.TemporaryDirectory() as folder:
        _look_like_checkout(Path(folder), root)
        done = subprocess.run(
            ["bash", "-c", script(commands)],
            cwd=folder,
            env={**variables, "BASE": base},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    parts = done.stdout.split(_END)
    return Told("".join(parts), tuple(_problems(found, commands, parts, done.returncode)))


def script(commands: list[Block]) -> str:
    """One script of these blocks, with a mark after each."""
    marked = (f"{block.code}\nprintf '\\036'\n" for block in commands)
    return "set -euo pipefail\n" + "".join(marked)


def _look_like_checkout(folder: Path, root: Path) -> None:
    for path in root.iterdir():
        if path.name not in {"var", ".git", ".env"}:
            (folder / path.name).symlink_to(path)


def _problems(found: list[Block], commands: list[Block], parts: list[str], code: int) -> Iterator[str]:
    if code:
        number = min(len(parts), len(commands)) - 1
        yield f"{commands[number]}: ended with {code}:\n{parts[number][-2000:]}"
    printed = dict(zip(commands, parts, strict=False))
    for before, block in pairwise(found):
        if block.fate is Fate.COMPARED and before in printed and not code:
            yield from _difference(block, printed[before])


def _difference(block: Block, printed: str) -> Iterator[str]:
    if not matches(block.code, printed):
        yield f"{block}: it prints\n{printed.strip()}\nand not\n{block.code.strip()}"


def matches(expected: str, printed: str) -> bool:
    """Whether a text is the expected one: `…` is any part of a line, and alone on a line any lines."""
    parts = []
    for line in expected.strip().splitlines():
        if line.strip() == ANYTHING:
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r"[^\n]*?".join(map(re.escape, line.rstrip().split(ANYTHING))) + r"[ \t]*\n")
    return re.fullmatch("".join(parts), printed.strip() + "\n") is not None


def main() -> int:
    """Command line: pages, and where the shop is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    asked = parser.parse_args()
    variables = {**os.environ, "VAR_DIR": os.environ.get("VAR_DIR", str(ROOT / "var"))}
    code = 0
    for page in asked.pages:
        told = carry_out(page, base=asked.base, variables=variables)
        print(told.printed)
        for problem in told.problems:
            print(problem, file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())

"""The pages of the documentation: does every link lead somewhere, and does the index lead to every page?

    python -m scripts.docs

Looks at links and images to files of this repository, and at anchors as GitHub and most Markdown tools make them. What
is on other machines is not asked for.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
INDEX = Path("docs") / "index.md"

_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"""\]\(\s*<?([^()\s>]+)>?(?:\s+["'][^)]*)?\)|(?:src|href)="([^"]+)\"""")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//|/)", re.IGNORECASE)


def pages(root: Path = ROOT) -> list[Path]:
    """Every page, relative to the root: the README and its like, and everything in `docs/`."""
    found = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    return sorted(path.relative_to(root) for path in found)


def links(text: str) -> list[str]:
    """Targets of links and images, in order; what stands in code is no link."""
    prose = _CODE.sub("", _FENCE.sub("", text))
    return [unquote(first or second) for first, second in _LINK.findall(prose)]


def anchors(text: str) -> set[str]:
    """What can stand behind `#`: each heading in small letters, without its punctuation; a repeated one is numbered."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        number, unique = 0, slug
        while unique in found:
            number += 1
            unique = f"{slug}-{number}"
        found.add(unique)
    return found


def problems(root: Path = ROOT) -> Iterator[str]:
    """Each link that leads nowhere, and each page of `docs/` that the index does not lead to."""
    texts = {page: (root / page).read_text(encoding="utf-8") for page in pages(root)}
    named: set[Path] = set()
    for page, text in texts.items():
        for link in links(text):
            if _ELSEWHERE.match(link):
                continue
            path, _, anchor = link.partition("#")
            target = (root / page.parent / path).resolve() if path else (root / page).resolve()
            if not target.is_relative_to(root.resolve()) or not target.exists():
                yield f"{page}: {link} leads nowhere"
                continue
            inside = target.relative_to(root.resolve())
            if page == INDEX:
                named.add(inside)
            if anchor and anchor not in anchors(texts.get(inside, "")):
                yield f"{page}: {link}: no such heading"
    for page in texts:
        if page.parts[0] == "docs" and page != INDEX and page not in named:
            yield f"{INDEX}: {page} is not on it"


def main() -> int:
    """0 when there is nothing to mend."""
    found = list(problems())
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(f"docs: {len(pages())} pages, every link leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

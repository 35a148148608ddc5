"""What MkDocs must be told of these pages (a hook of `mkdocs.yml`): `make docs` builds the site to `var/site`.

The pages are written for whoever reads them in the repository. The site differs in three things: its menu is
`docs/index.md`, in the same order; what a page links to outside `docs/` comes along; and Markdown that starts a list or
a table right below a sentence, or says more than a language behind a fence, is laid out as Python-Markdown wants it.
"""

import posixpath
import re
from pathlib import Path, PurePosixPath
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scripts.docs import INDEX, ROOT, links, pages

README: Final = "readme.md"
"""Where the README is on the site."""

_HEADING: Final = re.compile(r"^## (.+)$")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_TARGET: Final = re.compile(r"""(\]\(|(?:src|href)=")([^)"\s#]+)""")
_FENCE: Final = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*(\S*)")
_STARTS: Final = re.compile(r"^(?:[-*] |\d+\. |\|)")


def menu(text: str) -> list[dict[str, Any]]:
    """MkDocs's `nav` of the index: a section for each heading, the pages in order, each once."""
    sections: list[dict[str, Any]] = [{"Documentation": INDEX.name}]
    seen = {INDEX.name}
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            sections.append({heading[1]: []})
        elif line.startswith("Decisions"):
            sections.append({"Decisions": []})
        for title, link in _LINK.findall(line):
            page = place_of(link.partition("#")[0], INDEX.parent)
            if page not in seen and len(sections) > 1:
                seen.add(page)
                next(iter(sections[-1].values())).append({title: page})
    return sections


def place_of(link: str, folder: Path) -> str:
    """Where a file of the repository is on the site; `link` is seen from a folder of the repository."""
    inside = posixpath.normpath(posixpath.join(folder.as_posix(), link))
    if inside == "README.md":
        return README
    path = PurePosixPath(inside)
    if path.parts[:1] == ("docs",):
        return PurePosixPath(*path.parts[1:]).as_posix()
    return f"files/{inside.lstrip('.')}"


def rewritten(text: str, folder: Path, site_folder: str = "") -> str:
    """The page with links as the site has them. `folder` is the page's in the repository, `site_folder` on the site."""

    def one(match: re.Match[str]) -> str:
        lead, link = match.groups()
        if re.match(r"[a-z][a-z0-9+.-]*:|/", link, re.IGNORECASE):
            return match[0]
        return lead + posixpath.relpath(place_of(link, folder), site_folder or ".")

    return _outside_code(text, lambda line: _TARGET.sub(one, line))


def laid_out(text: str) -> str:
    """The same Markdown with a blank line before lists, tables and fences, and one word behind a fence."""
    lines: list[str] = []
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        before = lines[-1] if lines else ""
        if fence:
            fence = "" if found and found[1].startswith(fence) and not found[2] else fence
        elif found:
            fence = found[1]
            line = line[: found.end()]  # noqa: PLW2901
            if before.strip() and not line.startswith(" "):
                lines.append("")
        elif _STARTS.match(line) and before.strip() and not _STARTS.match(before) and not before.startswith(" "):
            lines.append("")
        lines.append(line)
    return "\n".join(lines) + "\n"


def _outside_code(text: str, change: Any) -> str:
    lines, fence = [], ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) else fence
        elif found:
            fence = found[1]
        else:
            line = "".join(part if part.startswith("`") else change(part) for part in re.split(r"(`[^`]+`)", line))  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def outside(root: Path = ROOT) -> set[str]:
    """Files beside `docs/` that a page of it, or the README, links to."""
    found = set()
    for page in pages(root):
        if page.parts[0] != "docs" and page.name != "README.md":
            continue
        for link in links((root / page).read_text(encoding="utf-8")):
            if not re.match(r"[a-z][a-z0-9+.-]*:|[/#]", link, re.IGNORECASE):
                target = posixpath.normpath(posixpath.join(page.parent.as_posix(), link.partition("#")[0]))
                if not target.startswith("docs/") and (root / target).is_file() and target != "README.md":
                    found.add(target)
    return found


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The menu."""
    config.nav = menu((ROOT / INDEX).read_text(encoding="utf-8"))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """What lies outside `docs/`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    files.append(File.generated(config, README, content=readme))
    for path in outside():
        files.append(File.generated(config, place_of(path, Path()), content=(ROOT / path).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links and layout."""
    uri = page.file.src_uri
    folder = Path() if uri == README else Path("docs") / posixpath.dirname(uri)
    return laid_out(rewritten(markdown, folder, posixpath.dirname(uri)))

"""Texts for people that nothing translates: in the places of the code where such texts stand, and in templates.

`python -m scripts.untranslated` names each with its line. What is alike in every language, or is not for people, stands
in `ALIKE` and `EXEMPT` with its reason.
"""

import ast
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from django.template.base import Lexer, TokenType

from .messages import PACKAGES, ROOT, called_name, templates

# Of calls: what is shown by the name of its argument.
KEYWORDS: Final = frozenset({
    "verbose_name", "verbose_name_plural", "help_text", "label", "description", "short_description", "message", "title",
    "empty_label", "violation_error_message", "empty_value_display", "placeholder",
})  # fmt: skip
ATTRIBUTES: Final = KEYWORDS | {"default_detail", "site_header", "site_title", "index_title"}
# Of dictionaries.
MEMBERS: Final = frozenset({"title", "label", "description", "SITE_TITLE", "SITE_HEADER", "SITE_SUBHEADER"})
# Of calls: what is shown by its place.
PLACES: Final = {
    "ValidationError": 0, "Kpi": 0, "NotFound": 0, "PermissionDenied": 0, "Throttled": 0, "success": 1, "error": 1,
    "warning": 1, "info": 1, "message_user": 1, "FieldError": 2, "of": 2, "problem_response": 2, "add_error": 1,
}  # fmt: skip
LOGGERS: Final = frozenset({"logger", "logging", "log"})
SHOWN_ATTRIBUTES: Final = frozenset({"alt", "title", "placeholder", "aria-label"})
NO_PAGES: Final = frozenset({"tests", "migrations", "management", "demo", "simulation", "evaluation", "olist"})

EXEMPT: Final = {
    r"(^|/)api(/|\.py:).*help_text=": "the API's documentation is in English",
    r"/(asking|serializers)\.py:.*help_text=": "the API's documentation is in English",
    r"/http/(schema|signed)\.py:": "the API's documentation is in English",
    r"(extend_schema|OpenApi\w+|inline_serializer)\(": "the API's documentation is in English",
    r"/(api|examples)(/\w+)?\.py:\d+: \{": "examples of the API's documentation",
    r"/apps\.py:\d+: label =": "a name for programs",
    r"CharFilter\(label=\)": "the API's documentation is in English",
    r"/engagement/wire\.py:.*Expected printable text": "read by this module only, which says it in its own words",
}
"""By pattern of a finding's line: why it is none."""

ALIKE: Final = {
    "PDF", "XLSX", "CSV", "JSON", "Marketplace", "SKU", "km", "TOTP", "IVA", "SMS", "ISO", "e-mail", "px",
}  # fmt: skip
"""Names and abbreviations that are the same in every language of the shop."""


def literal(node: ast.expr | None) -> str:
    """The fixed text of an expression; empty where it has none (a call of gettext, a name)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def says_something(text: str) -> bool:
    """Whether there is a word in it, beside places to fill and what is alike in every language."""
    text = re.sub(r"%\(\w+\)s|\{\w*\}|&\w+;", " ", text)
    return any(word not in ALIKE for word in re.findall(r"[^\W\d_]{2,}", text))


def in_code(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, place and text of each text for people that stands bare."""
    for node in ast.walk(ast.parse(source)):
        for where, value in _shown(node):
            text = literal(value)
            if text and says_something(text):
                yield (value.lineno, where, text)


def _shown(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Call():
            yield from _of_call(node)
        case (
            ast.Assign(value=ast.expr() as value, targets=[target])
            | ast.AnnAssign(value=ast.expr() as value, target=target)
        ):
            name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            if name in ATTRIBUTES:
                yield f"{name} =", value
        case ast.ClassDef() if any("Choices" in ast.unparse(base) for base in node.bases):
            yield from (("choice", label) for label in _labels(node))
        case ast.Tuple(elts=[name, ast.Dict(keys=keys)]) if any(literal(key) == "fields" for key in keys):
            yield "fieldset", name
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                if literal(key) in MEMBERS:
                    yield f"{{{literal(key)}:}}", value


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    name = called_name(node)
    holder = node.func.value if isinstance(node.func, ast.Attribute) else None
    owner = getattr(holder, "id", getattr(holder, "attr", ""))
    yield from ((f"{name}({each.arg}=)", each.value) for each in node.keywords if each.arg in KEYWORDS)
    if owner == "models" and name.endswith("Field") and node.args and "To" not in name:
        yield name, node.args[0]
    place = PLACES.get(name)
    if place is not None and owner not in LOGGERS and len(node.args) > place and not _is_of_a_program(name, owner):
        yield name, node.args[place]


def _is_of_a_program(name: str, owner: str) -> bool:
    return name in {"error", "info", "warning", "success"} and owner != "messages"


def _labels(node: ast.ClassDef) -> Iterator[ast.expr]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple):
            yield statement.value.elts[-1]


class _Bare(HTMLParser):
    """Texts and shown attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str, str]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}
        classes = dict(attrs).get("class") or ""
        self._silent += self._is_icon(tag, classes)
        for name, value in attrs:
            if name in SHOWN_ATTRIBUTES and value and says_something(value):
                self.found.append((self.getpos()[0], name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"} or (tag == "span" and self._silent):
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent and says_something(data):
            self.found.append((self.getpos()[0], "text", " ".join(data.split())))

    @staticmethod
    def _is_icon(tag: str, classes: str) -> bool:
        # The font draws a picture for its name.
        return tag == "span" and "material-symbols" in classes


def in_template(source: str, *, is_html: bool) -> Iterator[tuple[int, str, str]]:
    """Line, place and text of what no `{% translate %}` holds. What tags say is left out, what they enclose is not."""
    page, inside = "", ""
    for token in Lexer(source).tokenize():
        shown = "\n" * token.contents.count("\n")
        word = token.contents.split()[0] if token.contents.split() else ""
        if token.token_type == TokenType.BLOCK and word.rstrip("s").startswith(("blocktran", "comment")):
            inside = word
        elif token.token_type == TokenType.BLOCK and inside and word == f"end{inside}":
            inside = ""
        elif not inside:
            shown = token.contents if token.token_type == TokenType.TEXT else f" {shown}"
        page += shown
    if is_html:
        parser = _Bare()
        parser.feed(page)
        parser.close()
        yield from parser.found
        return
    for number, line in enumerate(page.splitlines(), start=1):
        if says_something(line):
            yield number, "text", line.strip()


def findings() -> Iterator[str]:
    """A line each: `file:line: place: 'text'`."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not NO_PAGES & set(path.parts):
                found = in_code(path.read_text(encoding="utf-8"))
                yield from (_line(path, *each) for each in found if not _is_exempt(_line(path, *each)))
        for path in templates(package):
            bare = in_template(path.read_text(encoding="utf-8"), is_html=path.suffix == ".html")
            yield from (_line(path, *each) for each in bare)


def _line(path: Path, number: int, where: str, text: str) -> str:
    return f"{path.relative_to(ROOT)}:{number}: {where}: {text!r}"


def _is_exempt(line: str) -> bool:
    return any(re.search(pattern, line) for pattern in EXEMPT)


if __name__ == "__main__":
    lines = list(findings())
    print("\n".join(lines) or "untranslated: nothing")
    sys.exit(1 if lines else 0)

"""Translations without gettext's programs: is Spanish complete, and are the compiled files up to date?

`--compile` writes each `django.mo` beside its `django.po`. They are committed, so that a machine without gettext
speaks Spanish too. `--add` puts what no catalogue holds yet into the package's own, untranslated.
"""

import argparse
import ast
import json
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("marketplace", "users", "stores", "funds", "links", "promotions", "purchases", "notifications")
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
TEMPLATES = ("*.html", "*.txt")
# What Django's own extraction makes of a template: ` gettext('…') `, ` ngettext('…', '…', count) `.
_TEXT = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
TEMPLATE_CALL = re.compile(rf"\bn?gettext\({_TEXT}(?:,\s*{_TEXT}\s*,)?")
PLACES = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)\}")
LINE = re.compile(r'^(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[(\d)\])?)\s+)?"(.*)"$')
NEW_CATALOGUE = """msgid ""
msgstr ""
"Language: es\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""
MO_MAGIC = 0x950412DE
MO_HEADER_BYTES = 28


@dataclass
class Entry:
    """One entry of a catalogue."""

    context: str = ""
    source: str = ""
    plural: str = ""
    translations: tuple[str, ...] = ()
    is_fuzzy: bool = False

    @property
    def key(self) -> str:
        """The entry's key in a compiled catalogue."""
        context = f"{self.context}\x04" if self.context else ""
        return context + self.source + (f"\0{self.plural}" if self.plural else "")

    @property
    def is_complete(self) -> bool:
        """Translated in every form, by a person."""
        return bool(self.translations) and all(self.translations) and not self.is_fuzzy


def parse_block(block: str) -> Entry | None:
    """An entry from its lines; None for a comment or an obsolete entry."""
    parts: dict[str, str] = {}
    field = ""
    for line in block.splitlines():
        match = LINE.match(line.strip())
        if match is None:
            continue
        field = (match[1] or field).split()[0]
        parts[field] = parts.get(field, "") + ast.literal_eval(f'"{match[3]}"')
    if "msgid" not in parts:
        return None
    translations = tuple(parts[name] for name in sorted(parts) if name.startswith("msgstr"))
    fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in block.splitlines())
    return Entry(parts.get("msgctxt", ""), parts["msgid"], parts.get("msgid_plural", ""), translations, fuzzy)


def read_catalogue(path: Path) -> list[Entry]:
    """All live entries of a .po file, the header (an empty source) included."""
    blocks = re.split(r"\n\s*\n", path.read_text(encoding="utf-8"))
    return [entry for block in blocks if (entry := parse_block(block)) is not None]


def compiled(entries: list[Entry]) -> bytes:
    """A .mo file: both tables of (length, offset), then the strings, sorted by key."""
    pairs = sorted(
        (entry.key.encode(), "\0".join(entry.translations).encode())
        for entry in entries
        if entry.is_complete or entry.source == ""
    )
    keys = [key for key, _ in pairs]
    values = [value for _, value in pairs]
    offset = MO_HEADER_BYTES + 16 * len(pairs)
    tables = b""
    for strings in (keys, values):
        for string in strings:
            tables += struct.pack("<II", len(string), offset)
            offset += len(string) + 1
    originals, translated = MO_HEADER_BYTES, MO_HEADER_BYTES + 8 * len(pairs)
    header = struct.pack("<7I", MO_MAGIC, 0, len(pairs), originals, translated, 0, offset)
    return header + tables + b"".join(string + b"\0" for string in keys + values)


def strings_in_code(path: Path) -> Iterator[str]:
    """Literal arguments of gettext calls; of those about a number, one and many as a catalogue's key."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (name := called_name(node)) in CALLS:
            forms = node.args[: 2 if name.startswith("ngettext") else 1]
            values = [form.value for form in forms if isinstance(form, ast.Constant) and isinstance(form.value, str)]
            if values and len(values) == len(forms):
                yield "\0".join(values)


def called_name(node: ast.Call) -> str:
    """`gettext` for both `gettext(…)` and `translation.gettext(…)`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def strings_in_template(path: Path) -> Iterator[str]:
    """What `{% translate %}` and `{% blocktranslate %}` ask for, with its places."""
    for match in TEMPLATE_CALL.finditer(templatize(path.read_text(encoding="utf-8"))):
        yield "\0".join(ast.literal_eval(text) for text in match.groups() if text)


def strings_in_sources(package: str) -> set[str]:
    """Everything in a package that asks to be translated."""
    found: set[str] = set()
    for path in (ROOT / package).rglob("*.py"):
        if not {"tests", "migrations"} & set(path.parts):
            found.update(strings_in_code(path))
    for path in templates(package):
        found.update(strings_in_template(path))
    return found - {""}


def templates(package: str) -> list[Path]:
    """Pages and mails of a package."""
    found = (path for pattern in TEMPLATES for path in (ROOT / package).rglob(f"templates/**/{pattern}"))
    return sorted(found)


def known_strings() -> set[str]:
    """Everything that some catalogue holds, translated or not, as text and as the key of one and many."""
    entries = [entry for path in catalogues() for entry in read_catalogue(path)]
    return {entry.source for entry in entries} | {entry.key for entry in entries}


def add_missing() -> None:
    """Append what is missing to the catalogue of the package that asks for it."""
    for package in PACKAGES:
        missing = sorted(strings_in_sources(package) - known_strings())
        path = ROOT / package / "locale" / "es" / "LC_MESSAGES" / "django.po"
        if missing and not path.exists():
            path.parent.mkdir(parents=True)
            path.write_text(NEW_CATALOGUE, encoding="utf-8")
        entries = "".join(new_entry(text) for text in missing)
        if entries:
            path.write_text(path.read_text(encoding="utf-8") + entries, encoding="utf-8")


def new_entry(text: str) -> str:
    """An entry that waits for its translation."""
    flag = "#, python-format\n" if "%(" in text or "%s" in text else ""
    one, *many = (json.dumps(form, ensure_ascii=False) for form in text.split("\0"))
    if many:
        return f'\n{flag}msgid {one}\nmsgid_plural {many[0]}\nmsgstr[0] ""\nmsgstr[1] ""\n'
    return f'\n{flag}msgid {one}\nmsgstr ""\n'


def catalogues() -> list[Path]:
    """The Spanish catalogues of all packages."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("locale/es/LC_MESSAGES/django.po"))


def faults(entry: Entry) -> Iterator[str]:
    """What is wrong with a translated entry, beside being none.

    Every place of the source is filled in the translation and no other; of a plural, the form of one may leave out
    the number ("one day left").
    """
    if not entry.source or not entry.is_complete:
        return
    if len(entry.translations) != (2 if entry.plural else 1):
        yield "not as many forms as Spanish has"
    sources = (entry.source, entry.plural) if entry.plural else (entry.source,)
    wanted = set().union(*(places(text) for text in sources))
    for number, text in enumerate(entry.translations):
        is_of_one = bool(entry.plural) and number == 0
        if not places(text) <= wanted or (not is_of_one and places(text) != places(sources[-1])):
            yield "not the same places to fill"
        if text.startswith("\n") != entry.source.startswith("\n"):
            yield "begins on another line"


def places(text: str) -> set[str]:
    """The places to fill of a text, as they are written."""
    return {match[0] for match in PLACES.finditer(text.replace("%%", ""))}


def problems() -> Iterator[str]:
    """What keeps Spanish from being complete, a line each."""
    for path in catalogues():
        entries = read_catalogue(path)
        shown = path.relative_to(ROOT)
        yield from (f"{shown}: not translated: {entry.source!r}" for entry in entries if not entry.is_complete)
        yield from (f"{shown}: {what}: {entry.source!r}" for entry in entries for what in faults(entry))
        binary = path.with_suffix(".mo")
        if not binary.exists() or binary.read_bytes() != compiled(entries):
            yield f"{shown}: django.mo is not up to date: make messages"
    known = known_strings()
    for package in PACKAGES:
        missing = sorted(strings_in_sources(package) - known)
        yield from (f"{package}: in no catalogue: {text!r}" for text in missing)


def main() -> int:
    """Command line: check, after adding or compiling where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compile", action="store_true", help="write the .mo files")
    parser.add_argument("--add", action="store_true", help="append missing entries to the catalogues")
    options = parser.parse_args()
    if options.add:
        add_missing()
    if options.compile:
        for path in catalogues():
            path.with_suffix(".mo").write_bytes(compiled(read_catalogue(path)))
    found = list(problems())
    print("\n".join(found) or f"messages: {len(catalogues())} catalogues, Spanish complete")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Do the commands that the documentation names exist, with the options it gives them?

    python -m scripts.docs_names

Measurements and faults take minutes each, so no test carries them all out. This looks up the target of `make`, the
parser of `manage.py NAME`, and the module of `python -m NAME` with the options in its source, in blocks that ask for it
(`<!-- run: names -->`) and in every piece of code inside a sentence.
"""

import ast
import importlib.util
import os
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import django
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError

from scripts.docs import ROOT, pages
from scripts.docs_blocks import ELSEWHERE, Fate, blocks

PLACEHOLDER: Final = "NAME"
"""What pages write for any measurement or fault."""

_BLOCK = re.compile(r"^(```+|~~~+).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?:\w+=\S+ )*(?:make [a-z]|(?:\.venv/bin/)?python |(?:python )?manage\.py |pytest |pip )")
_SETTING = re.compile(r"[A-Z_]+=")
_RUNNERS: Final = {"bench", "chaos"}
"""Packages whose first argument is a module of theirs."""


def problems(root: Path = ROOT) -> Iterator[str]:
    """Each command of a page that does not exist as it is written."""
    for page in pages(root):
        if page in ELSEWHERE:
            continue
        text = (root / page).read_text(encoding="utf-8")
        for block in blocks(page, text):
            if block.fate is Fate.NAMES:
                for line in lines(block.code):
                    yield from (f"{block}: {line}: {what}" for what in wrong_with(line, root))
        for code in _CODE.findall(_BLOCK.sub("", text)):
            if _COMMAND.match(code):
                yield from (f"{page}: {code}: {what}" for what in wrong_with(_chosen(code), root))


def lines(code: str) -> list[str]:
    """The commands of a block, one a line, without comments."""
    whole = re.sub(r"\\\n\s*", " ", code)
    return [line for line in map(str.strip, whole.splitlines()) if line and not line.startswith("#")]


def _chosen(code: str) -> str:
    """A command of a sentence, its optional parts too; capitals and `…` stand for something."""
    whole = re.sub(r"[\[\]]", "", code).replace(" 1 … 9", " 1").replace("…", "x")
    return re.sub(r"(?<=--)(\S+) (?!NAME)[A-Z]+\b", r"\1 1", whole)


def wrong_with(line: str, root: Path = ROOT) -> Iterator[str]:
    """What does not exist of one command; nothing where all of it does."""
    words = shlex.split(line, comments=True)
    while words and _SETTING.match(words[0]):
        words.pop(0)
    if words and Path(words[0]).name in {"python", "python3"}:
        words.pop(0)
    match words:
        case ["make", target, *_rest]:
            if target not in targets(root):
                yield f"no target {target}"
        case ["manage.py", command, *rest]:
            yield from _command_problems(command, rest)
        case ["-m", "pytest", *rest] | ["pytest", *rest]:
            yield from (f"no file {word}" for word in rest if word.endswith(".py") and not (root / word).is_file())
        case ["-m", module, *rest]:
            yield from _module_problems(module, rest)
        case ["pip", "install", "-r", file]:
            if not (root / file).is_file():
                yield f"no file {file}"
        case [file, *rest] if file.endswith(".py"):
            yield from _file_problems(root / file, rest)
        case _:
            yield "not a command that can be looked up"


@cache
def targets(root: Path) -> frozenset[str]:
    """What `make` can be asked for."""
    return frozenset(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _command_problems(command: str, rest: list[str]) -> Iterator[str]:
    app = get_commands().get(command)
    if app is None:
        yield f"no management command {command}"
        return
    parser = load_command_class(app, command).create_parser("manage.py", command)
    for action in parser._actions:
        if action.dest == "database":
            action.choices = None  # which there are is a matter of the settings
    try:
        parser.parse_args(rest)
    except (CommandError, SystemExit) as error:
        yield str(error)


def _module_problems(module: str, rest: list[str]) -> Iterator[str]:
    if module in _RUNNERS and rest and rest[0] == PLACEHOLDER:
        return
    if module in _RUNNERS and rest:
        module, rest = f"{module}.{rest[0]}", rest[1:]
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        yield f"no module {module}"
        return
    file = Path(spec.origin)
    # A package is run by the file beside its own.
    yield from _file_problems(file.with_name("__main__.py") if file.name == "__init__.py" else file, rest)


def _file_problems(file: Path, rest: list[str]) -> Iterator[str]:
    if not file.is_file():
        yield f"no file {file.name}"
        return
    known = options(file)
    given = [word.partition("=")[0] for word in rest if word.startswith("--")]
    yield from (f"no option {option}" for option in given if option not in known)


@cache
def options(file: Path) -> frozenset[str]:
    """Every long option that a module adds to a parser, read from its source: it may not be importable as it is."""
    calls = (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return frozenset(
        argument.value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value.startswith("--")
    )


def main() -> int:
    """0 when everything that is named exists."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")
    django.setup()
    found = list(problems())
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

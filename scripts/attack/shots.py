"""A hostile request, what came back, and what is wrong with it; written as a line that repeats it."""

import re
import shlex
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

JSON: Final = "application/json"
_ROOT: Final = f"{Path(__file__).resolve().parents[2]}/"
_LONG: Final = 200
_RUN: Final = 40


@dataclass(frozen=True, slots=True)
class Shot:
    """One request. `why` says what is odd about it; `planted` are values that must not be found in any row."""

    method: str
    url: str
    why: str
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    planted: tuple[str, ...] = ()

    def holds(self, text: str) -> bool:
        """Whether the request itself says so: what an answer repeats of it tells nobody anything."""
        said = (self.url, self.body.decode("utf-8", "replace"), *self.headers.values())
        return any(text in part for part in said)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `trace` is the last line of a defect, where it is known."""

    status: int
    content_type: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be: on which route, to whom, by which request."""

    route: str
    who: str
    what: str
    shot: Shot

    def report(self, base: str) -> str:
        """Two lines: what is wrong, and how to see it again."""
        return f"{self.route} as {self.who}: {self.what} ({self.shot.why})\n    {curl(self.shot, self.who, base)}"


def curl(shot: Shot, who: str, base: str) -> str:
    """A command that sends it. Tokens are named, not written: `$TOKEN_OWNER`."""
    parts = ["curl", "-sS", "-i", "--globoff", "--path-as-is", "-X", shot.method, shlex.quote(base + shot.url)]
    if who != "anonymous" and not any(name.lower() == "authorization" for name in shot.headers):
        parts += ["-H", f'"Authorization: Bearer $TOKEN_{who.upper()}"']
    for name, value in shot.headers.items():
        parts += ["-H", _argument(f"{name}: {value}")]
    if not shot.body:
        return " ".join(parts)
    parts += ["-H", shlex.quote(f"Content-Type: {shot.content_type}"), "--data-binary", "@-"]
    code = f"import sys; sys.stdout.buffer.write({_expression(shot.body)})"
    return f"python3 -c {shlex.quote(code)} | {' '.join(parts)}"


def _argument(text: str) -> str:
    if len(text) <= _LONG and text.isascii() and text.isprintable():
        return shlex.quote(text)
    written = f"import sys; sys.stdout.buffer.write({_expression(text.encode('latin-1', 'replace'))})"
    return f'"$(python3 -c {shlex.quote(written)})"'


def _expression(raw: bytes) -> str:
    """Python for these bytes; runs of one byte are multiplied, so that a bomb of 100,000 is a short line."""
    parts: list[str] = []
    plain = b""
    for byte, group in groupby(raw):
        length = len(list(group))
        if length < _RUN:
            plain += bytes([byte]) * length
            continue
        if plain:
            parts.append(repr(plain))
        parts.append(f"{bytes([byte])!r} * {length}")
        plain = b""
    return " + ".join([*parts, *([repr(plain)] if plain or not parts else [])])


def last_line(trace: str) -> str:
    """Of a traceback: where in our code, and what."""
    lines = [line.strip() for line in trace.strip().splitlines()]
    ours = [line for line in lines if line.startswith("File ") and "/.venv/" not in line and "/lib/python" not in line]
    found = re.match(r'File "(.*)", line (\d+)', ours[-1]) if ours else None
    where = f"{found[1].removeprefix(_ROOT)}:{found[2]}" if found else ""
    return f"{lines[-1] if lines else ''} {where}".strip()[:300]

"""No log record may hold an address, a token, a secret or a telephone number. Looks at every record of the suite.

Records are read where loggers hand them to their handlers, with everything the call added, whether or not anybody
prints them. A pattern is only tried where a character of it is there at all: most records cost some microseconds.
"""

import logging
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.core.signals import setting_changed

from marketplace.core.observability.logs import RouteFilter

STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Servers of the tests themselves; the product is not served by them.
NOT_OURS: Final = frozenset({"django.server", "werkzeug"})
PEOPLE: Final = frozenset({"user", "user_id", "customer", "customer_id"})
MOST_ISSUED: Final = 20_000
SHORTEST_SECRET: Final = 8
_SECRET_SETTING: Final = re.compile(r"SECRET|PASSWORD$|TOKEN$|_TOKENS?$|SIGNING_KEY|HASH_KEY|ACCESS_KEY|API_KEY")
_ROUTES: Final = RouteFilter()
_HASH: Final = re.compile(r"[0-9a-f]{16}|")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{16,}")
# What it is, what must be there for it, what it looks like.
_PATTERNS: Final = (
    ("an e-mail address", "@", re.compile(r"[\w.%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")),
    ("a bearer token", "earer ", re.compile(r"[Bb]earer +[\w.~+/-]{16,}")),
    ("a JSON web token", "eyJ", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+")),
    ("a telephone number", "+", re.compile(r"(?<![\w.:])\+\d(?:[ ()-]{0,2}\d){7,14}(?!\d)")),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in which record; the words themselves are not repeated."""

    what: str
    logger: str
    place: str

    def __str__(self) -> str:
        return f"{self.what} in a record of {self.logger} ({self.place})"


class Scanner:
    """Remembers what the product gave out as secrets, and what of it came back in a log."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: list[Finding] = []
        self._issued: dict[str, str] = {}
        self._secrets: dict[str, str] | None = None
        setting_changed.connect(self._forget_settings, weak=False)

    def _forget_settings(self, **_signal: Any) -> None:
        self._secrets = None

    def issued(self, what: str, value: str) -> None:
        """The product made this secret: of a signed value its signature, which is the last part."""
        with self._lock:
            if len(self._issued) > MOST_ISSUED:
                self._issued.clear()
            self._issued[value.rpartition(":")[2]] = what

    def take(self) -> list[Finding]:
        """What was found since the last time."""
        with self._lock:
            found, self._found = self._found, []
        return found

    def look(self, record: logging.LogRecord) -> None:
        """Read one record."""
        if record.name in NOT_OURS:
            return
        _ROUTES.filter(record)  # as the handler that prints it does
        for what in self.whats(record):
            with self._lock:
                self._found.append(Finding(what, record.name, f"{record.filename}:{record.lineno}"))

    def whats(self, record: logging.LogRecord) -> set[str]:
        """Everything in the record that must not be there."""
        text = text_of(record)
        found = {what for what, sign, pattern in _PATTERNS if sign in text and pattern.search(text)}
        found |= {what for value, what in self._known_secrets().items() if value in text}
        found |= {self._issued[word] for word in _WORD.findall(text) if word in self._issued}
        if any(not _HASH.fullmatch(str(record.__dict__[name])) for name in PEOPLE & record.__dict__.keys()):
            found.add("a person who is not hashed")
        return found

    def _known_secrets(self) -> dict[str, str]:
        if self._secrets is None:
            named = ((name, getattr(settings, name)) for name in dir(settings) if name.isupper())
            self._secrets = {
                value: f"the setting {name}"
                for top, setting in named
                for name, value in _texts(top, setting)
                if _SECRET_SETTING.search(name) and len(value) >= SHORTEST_SECRET
            }
        return self._secrets


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a setting under its own name."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(f"{name}.{key}", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(name, inner)


def text_of(record: logging.LogRecord) -> str:
    """Everything that a formatter could print of it, source lines of a traceback aside."""
    try:
        parts = [record.getMessage()]
    except (TypeError, ValueError):  # logging itself complains about that
        parts = [str(record.msg), str(record.args)]
    parts += [
        str(value)
        for name, value in record.__dict__.items()
        if name not in STANDARD and not isinstance(value, int | float)
    ]
    error = record.exc_info[1] if record.exc_info else None
    while error is not None:
        parts.append(str(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(parts)


scanner: Final = Scanner()


@contextmanager
def watching() -> Iterator[None]:
    """Every record of the process is read, and every secret that it makes is known. For the whole session."""
    handed, made, signed = logging.Logger.callHandlers, secrets.token_urlsafe, signing.Signer.sign

    def hand(logger: logging.Logger, record: logging.LogRecord) -> None:
        scanner.look(record)
        handed(logger, record)

    def make(nbytes: int | None = None) -> str:
        value = made(nbytes)
        scanner.issued("a token", value)
        return value

    def sign(signer: signing.Signer, value: Any) -> str:
        text = signed(signer, value)
        scanner.issued("a signed value", text)
        return text

    places: list[tuple[Any, str, Callable[..., Any], Callable[..., Any]]] = [
        (logging.Logger, "callHandlers", handed, hand),
        (secrets, "token_urlsafe", made, make),
        (signing.Signer, "sign", signed, sign),
    ]
    for place, name, _before, ours in places:
        setattr(place, name, ours)
    try:
        yield
    finally:
        for place, name, before, _ours in places:
            setattr(place, name, before)


def complain(found: list[Finding]) -> None:
    """Raises `AssertionError` when there is something."""
    assert not found, "logs hold what they must not: " + "; ".join(sorted({str(each) for each in found}))

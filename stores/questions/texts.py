"""What people write, as it is kept: plain text, one way to write each letter, nothing invisible."""

import re
import unicodedata

from marketplace.core.errors import InvalidInputError, gettext_noop

QUESTION_LENGTH = 1_000
ANSWER_LENGTH = 2_000
REASON_LENGTH = 200

_LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029")
_MARKUP = re.compile(r"<\s*/?\s*[a-z!?][^<>]*>", re.IGNORECASE)
# They turn the reading direction of what follows, also outside of the text.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain_text(text: str, *, field: str, longest: int) -> str:
    """The text as it is kept: NFC, line ends as one character, no space around it.

    Raises `InvalidInputError` naming `field` for a text that is empty or too long, holds characters that cannot be
    seen, or markup.
    """
    kept = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text)).strip()
    if not _has_something_to_read(kept):
        raise InvalidInputError.of(field, "blank", gettext_noop("Write something."))
    if len(kept) > longest:
        raise InvalidInputError.of(field, "max_length", gettext_noop("The text is too long."))
    if any(_is_odd(letter) for letter in kept):
        raise InvalidInputError.of(field, "control_characters", gettext_noop("The text holds control characters."))
    if _MARKUP.search(kept):
        raise InvalidInputError.of(field, "markup", gettext_noop("Write plain text, without HTML."))
    return kept


def _has_something_to_read(text: str) -> bool:
    # Letters, digits, signs; not separators, not what is invisible.
    return any(unicodedata.category(letter)[0] in "LNPS" for letter in text)


def _is_odd(letter: str) -> bool:
    if letter in "\n\t":
        return False
    return letter in _DIRECTIONS or unicodedata.category(letter) in {"Cc", "Cs", "Co"}

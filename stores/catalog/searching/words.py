"""From text to words: the same on both engines, so that both find the same."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

MOST_QUERY_WORDS = 10
MOST_TEXT_WORDS = 2_000
LONGEST_WORD = 64
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched of one listing. `labels` are brand, SKUs and barcodes; `language` is the store's."""

    listing_id: int
    language: str
    name: str
    labels: str
    description: str


def fold(text: str) -> str:
    """Without capitals and accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def text_words(text: str) -> list[str]:
    """All words of a text, folded, in their order."""
    found = (match[:LONGEST_WORD] for match in _WORD.findall(fold(text)))
    return list(islice(found, MOST_TEXT_WORDS))


def words_of(query: str) -> list[str]:
    """The words of a search, each once."""
    return list(dict.fromkeys(text_words(query)))[:MOST_QUERY_WORDS]

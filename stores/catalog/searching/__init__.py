"""Search of the catalogue: one contract, two engines.

The contract, equal on both: a product is found when each word of the search is the beginning of one of its words (of
its name, brand, SKUs, barcodes or description), whatever the accents and capitals. PostgreSQL finds more: other forms
of a word in the store's language, and what a misspelt word may have meant. The better match comes first.

Services write what is searched in the same transaction (`listings.refresh`); `rebuild_search` writes it all anew.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from . import postgres, sqlite
from .words import Document, words_of

__all__ = ["Document", "corrected", "find", "forget_all", "words_of", "write"]


def _engine() -> Any:
    return postgres if connection.vendor == "postgresql" else sqlite


def write(documents: Iterable[Document]) -> None:
    """Put the documents in the place of what is searched of their listings."""
    rows = list(documents)
    if rows:
        _engine().write(rows)


def find(rows: Any, text: str) -> Any:
    """The products of `rows` that the text finds, the better match first, then the newer. A blank text finds none."""
    words = words_of(text)
    return _engine().find(rows, words) if words else rows.none()


def corrected(text: str) -> str:
    """The text with its misspelt words as they were probably meant; empty where there is nothing to correct.

    To be asked once `find` has found nothing: one query. Without PostgreSQL nothing is ever corrected.
    """
    words = words_of(text)
    better: list[str] = _engine().corrected(words) if words else []
    return "" if better == words else " ".join(better)


def forget_all() -> None:
    """Empty what only the engine knows, before everything is written anew."""
    _engine().forget_all()

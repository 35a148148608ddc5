"""SQLite: an FTS5 table beside the listings, by their id. Written here, never by a trigger."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.expressions import RawSQL

from .words import Document, text_words

CREATE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS stores_search USING fts5"
    "(name, labels, description, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')"
)
DROP = "DROP TABLE IF EXISTS stores_search"
_MATCHING = "SELECT rowid FROM stores_search WHERE stores_search MATCH %s"


def write(documents: Sequence[Document]) -> None:
    """Replace the rows of these listings."""
    rows: list[list[Any]] = [
        [document.listing_id, *(" ".join(text_words(text)) for text in _columns(document))] for document in documents
    ]
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM stores_search WHERE rowid = %s", [(row[0],) for row in rows])
        cursor.executemany("INSERT INTO stores_search (rowid, name, labels, description) VALUES (%s, %s, %s, %s)", rows)


def find(rows: Any, words: Sequence[str]) -> Any:
    """Each word begins a word of the listing; matches in the name first, then in brand and codes."""
    everywhere = " ".join(f'"{word}"*' for word in words)
    place = Case(
        When(listing__id__in=_matching(f"{{name}} : ({everywhere})"), then=Value(0)),
        When(listing__id__in=_matching(f"{{name labels}} : ({everywhere})"), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.filter(listing__id__in=_matching(everywhere)).order_by(place, F("pk").desc())


def corrected(words: Sequence[str]) -> list[str]:
    """FTS5 knows no likeness of words: as they are."""
    return list(words)


def forget_all() -> None:
    """Before a rebuild."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM stores_search")


def _matching(expression: str) -> RawSQL:
    return RawSQL(_MATCHING, [expression])  # noqa: S611  # the text is a parameter, its words are letters and digits


def _columns(document: Document) -> tuple[str, str, str]:
    return document.name, document.labels, document.description

"""PostgreSQL: a weighted `tsvector` in the listing's own row, and a list of words for the misspelt ones.

Words as they are written carry the weights A (name), B (brand, SKUs, barcodes) and C (description), and are found by
their beginnings. Their stems in the store's language carry D and are found whole: `platos` finds `plato`, after what
has the very word. Stems never answer for beginnings, or SQLite would find less by the same text.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, FloatField, Func

from .words import Document, text_words

CREATE = (
    "ALTER TABLE stores_listing ADD COLUMN vector tsvector",
    "CREATE INDEX stores_listing_vector ON stores_listing USING gin (vector)",
    "CREATE INDEX stores_word_trigrams ON stores_searchword USING gin (word gin_trgm_ops)",
)
DROP = (
    "DROP INDEX stores_word_trigrams",
    "DROP INDEX stores_listing_vector",
    "ALTER TABLE stores_listing DROP COLUMN vector",
)
# Which stemmer reads a language; words of others have no stems.
STEMMERS = {"es": "spanish", "en": "english"}
LAST_POSITION = 16_383  # of a tsvector; words beyond share it
_UPDATE = """
UPDATE stores_listing SET vector = said.words::tsvector || to_tsvector(said.stemmer::regconfig, said.text)
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS said(id, words, stemmer, text)
WHERE stores_listing.id = said.id
"""
_WORD_QUERY = "(%s::tsquery || to_tsquery('spanish', %s) || to_tsquery('english', %s))"
# The likest words, if any is like at all (pg_trgm's threshold of 0.3); a word that begins one is spelt rightly.
_LIKEST = """
SELECT asked.word, (
    SELECT known.word FROM stores_searchword known
    WHERE known.word %% asked.word OR known.word LIKE asked.word || '%%'
    ORDER BY known.word LIKE asked.word || '%%' DESC, similarity(known.word, asked.word) DESC, known.word
    LIMIT 1
) FROM unnest(%s::text[]) AS asked(word)
"""


class _OnListing(Func):
    """SQL about the `vector` of the listing that the query has joined."""

    def __init__(self, sql: str, params: Sequence[str], output_field: Any) -> None:
        super().__init__(F("listing__id"), output_field=output_field)
        self.sql, self.params = sql, list(params)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        column, _none = compiler.compile(self.get_source_expressions()[0])
        table = column.rsplit(".", 1)[0]
        return self.sql.replace("VECTOR", f'{table}."vector"'), tuple(self.params)


def write(documents: Sequence[Document]) -> None:
    """Set the vectors of these listings, and note words not seen before."""
    rows: list[tuple[int, str, str, str]] = []
    words: set[str] = set()
    for document in documents:
        parts = (document.name, "A"), (document.labels, "B"), (document.description, "C")
        weighted = [(word, weight) for text, weight in parts for word in text_words(text)]
        words.update(word for word, weight in weighted if weight != "C" and not word.isdigit())
        rows.append(
            (
                document.listing_id,
                " ".join(f"{word}:{min(place, LAST_POSITION)}{w}" for place, (word, w) in enumerate(weighted, 1)),
                STEMMERS.get(document.language, "simple"),
                " ".join(word for word, _weight in weighted) if document.language in STEMMERS else "",
            )
        )
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [list(column) for column in zip(*rows, strict=True)])
        # In order: two writers who note the same words must not wait for each other in a circle.
        cursor.execute(
            "INSERT INTO stores_searchword (word) SELECT said.word FROM unnest(%s::text[]) AS said(word)"
            " WHERE NOT EXISTS (SELECT FROM stores_searchword known WHERE known.word = said.word)"
            " ORDER BY said.word ON CONFLICT DO NOTHING",
            [sorted(words)],
        )


def find(rows: Any, words: Sequence[str]) -> Any:
    """Each word begins a word of the listing or shares its stem; best rank first."""
    query, params = tsquery(words)
    matches = _OnListing(f"VECTOR @@ {query}", params, BooleanField())
    rank = _OnListing(f"ts_rank(VECTOR, {query})", params, FloatField())
    return rows.filter(matches).order_by(rank.desc(), F("pk").desc())


def tsquery(words: Sequence[str]) -> tuple[str, list[str]]:
    """The query for these words, as SQL and its parameters."""
    parts = [part for word in words for part in (f"{word}:*ABC", f"{word}:D", f"{word}:D")]
    return f"({' && '.join([_WORD_QUERY] * len(words))})", parts


def corrected(words: Sequence[str]) -> list[str]:
    """Each word, or the one of the catalogue that is likest to it."""
    with connection.cursor() as cursor:
        cursor.execute(_LIKEST, [list(words)])
        likest = dict(cursor.fetchall())
    return [_better(word, likest[word]) for word in words]


def forget_all() -> None:
    """Before a rebuild: words that no product has any more."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM stores_searchword")


def _better(word: str, likest: str | None) -> str:
    return word if likest is None or likest.startswith(word) else likest
